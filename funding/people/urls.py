from django.urls import path

from funding.people import organisations, tie_views, views

app_name = "people"
urlpatterns = [
    path("desk/", views.Desk.as_view(), name="desk"),
    path("desk/host/", views.HostPage.as_view(), name="host"),
    path("desk/people/", views.PeopleList.as_view(), name="people"),
    path("desk/people/give/", views.GiveRole.as_view(), name="role-give"),
    path("desk/people/roles/<int:pk>/end/", views.EndRole.as_view(), name="role-end"),
    path("desk/people/invitations/<int:pk>/withdraw/", views.WithdrawInvitation.as_view(), name="invitation-withdraw"),
    path("desk/people/<int:pk>/second-factor/reset/", views.ResetFactors.as_view(), name="factors-reset"),
    path("desk/organisations/", organisations.OrganisationList.as_view(), name="organisations"),
    path("desk/organisations/<int:pk>/", organisations.OrganisationPage.as_view(), name="organisation"),
    path("desk/organisations/<int:pk>/name/", organisations.AskActing.as_view(), name="acting-name"),
    path("desk/organisations/<int:pk>/end/", organisations.EndActing.as_view(), name="acting-end"),
    path("desk/organisations/waiting/<int:pk>/", organisations.DecideActing.as_view(), name="acting-decide"),
    path("desk/audit/", views.AuditLog.as_view(), name="audit"),
    path("profile/", views.ProfilePage.as_view(), name="profile"),
    path("profile/sessions/end/", views.EndSessions.as_view(), name="sessions-end"),
    path("profile/name/", views.Rename.as_view(), name="rename"),
    path("profile/work/", views.AddEmployer.as_view(), name="employer-add"),
    path("profile/work/<int:pk>/leave/", views.LeaveEmployer.as_view(), name="employer-leave"),
    path("profile/relations/new/", views.AddRelation.as_view(), name="relation-add"),
    path("desk/ties/", tie_views.Ties.as_view(), name="ties"),
    path("desk/ties/months/", tie_views.TieMonths.as_view(), name="tie-months"),
    path("desk/ties/<int:pk>/", tie_views.SettleRelation.as_view(), name="tie-settle"),
    path("profile/relations/<int:pk>/contest/", tie_views.ContestRelation.as_view(), name="relation-contest"),
    path("profile/relations/<int:pk>/confirm/", tie_views.ConfirmRelation.as_view(), name="relation-confirm"),
    path("profile/relations/<int:pk>/withdraw/", views.WithdrawRelation.as_view(), name="relation-withdraw"),
]
