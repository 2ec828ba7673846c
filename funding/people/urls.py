from django.urls import path

from funding.people import views

app_name = "people"
urlpatterns = [
    path("desk/", views.Desk.as_view(), name="desk"),
    path("desk/host/", views.HostPage.as_view(), name="host"),
    path("desk/people/", views.PeopleList.as_view(), name="people"),
    path("desk/people/give/", views.GiveRole.as_view(), name="role-give"),
    path("desk/people/roles/<int:pk>/end/", views.EndRole.as_view(), name="role-end"),
    path("desk/audit/", views.AuditLog.as_view(), name="audit"),
    path("profile/", views.ProfilePage.as_view(), name="profile"),
    path("profile/name/", views.Rename.as_view(), name="rename"),
    path("profile/work/", views.AddEmployer.as_view(), name="employer-add"),
    path("profile/work/<int:pk>/leave/", views.LeaveEmployer.as_view(), name="employer-leave"),
    path("profile/relations/new/", views.AddRelation.as_view(), name="relation-add"),
    path("profile/relations/<int:pk>/withdraw/", views.WithdrawRelation.as_view(), name="relation-withdraw"),
]
