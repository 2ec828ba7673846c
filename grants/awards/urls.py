from django.urls import path

from grants.awards import asked_views as asked
from grants.awards import desk_views as desk
from grants.awards import views

app_name = "awards"
urlpatterns = [
    path("awards/", views.AwardList.as_view(), name="list"),
    path("awards/<slug:slug>/", views.AwardPage.as_view(), name="award"),
    path("awards/<slug:slug>/report/", views.Report.as_view(), name="report"),
    path("awards/<slug:slug>/report.csv", views.ReportCsv.as_view(), name="report-csv"),
    path("desk/awards/", desk.Desk.as_view(), name="desk"),
    path("desk/awards/new/", desk.NewAward.as_view(), name="new"),
    path("desk/awards/<slug:slug>/", desk.DeskAward.as_view(), name="desk-award"),
    path("desk/awards/<slug:slug>/edit/", desk.EditAward.as_view(), name="edit"),
    path("desk/awards/<slug:slug>/move/", desk.MoveAward.as_view(), name="move"),
    path("desk/awards/<slug:slug>/activate/", desk.Activate.as_view(), name="activate"),
    path("desk/awards/<slug:slug>/give-back/", asked.GiveBack.as_view(), name="give-back"),
    path("desk/awards/<slug:slug>/give-back/<int:pk>/", asked.DecideBack.as_view(), name="give-back-decide"),
    path("desk/awards/<slug:slug>/tranches/<int:number>/book/", desk.Book.as_view(), name="book"),
    path("desk/awards/<slug:slug>/tranches/<int:number>/claim/", desk.Claim.as_view(), name="claim"),
    path("desk/awards/<slug:slug>/tranches/<int:number>/decide/", desk.Decide.as_view(), name="decide"),
    path("desk/awards/<slug:slug>/tranches/<int:number>/withhold/", desk.Withhold.as_view(), name="withhold"),
    path("desk/awards/<slug:slug>/tranches/<int:number>/correct/", asked.Correct.as_view(), name="correct"),
    path("desk/awards/<slug:slug>/tranches/<int:number>/correct/<int:pk>/", asked.DecideCorrection.as_view(), name="correct-decide"),
]
