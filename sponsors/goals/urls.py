from django.urls import path

from sponsors.goals.views import desk, pledging, reading

app_name = "goals"
urlpatterns = [
    path("desk/goals/", desk.Desk.as_view(), name="desk"),
    path("goals/", reading.Goals.as_view(), name="index"),
    path("goals/mine/", reading.Mine.as_view(), name="mine"),
    path("goals/<slug:slug>/", reading.GoalPage.as_view(), name="goal"),
    path("goals/<slug:slug>/pledge/", pledging.PledgeTo.as_view(), name="pledge"),
    path("goals/<slug:slug>/pledge/<str:token>/", pledging.Own.as_view(), name="own"),
    path("goals/<slug:slug>/pledge/<str:token>/card/", pledging.Card.as_view(), name="card"),
    path("goals/<slug:slug>/pledge/<str:token>/withdraw/", pledging.Withdraw.as_view(), name="withdraw"),
    path("goals/<slug:slug>/edit/", desk.EditGoal.as_view(), name="edit"),
    path("goals/<slug:slug>/publish/", desk.PublishGoal.as_view(), name="publish"),
    path("goals/<slug:slug>/call-off/", desk.CallOff.as_view(), name="call-off"),
    path("projects/<slug:slug>/goals/", desk.GoalList.as_view(), name="list"),
    path("projects/<slug:slug>/goals/new/", desk.NewGoal.as_view(), name="new"),
]
