from django.urls import path

from grants.committee.views import committees, deciding, decisions, letters, panels, reviewing

app_name = "committee"
urlpatterns = [
    path("committee/", panels.Queue.as_view(), name="queue"),
    path("committee/new/", committees.NewCommittee.as_view(), name="new"),
    path("committee/rules/<slug:slug>/", committees.CommitteePage.as_view(), name="committee"),
    path("committee/rules/<slug:slug>/edit/", committees.EditRules.as_view(), name="rules"),
    path("committee/<slug:ref>/", panels.PanelPage.as_view(), name="panel"),
    path("committee/<slug:ref>/declare/", panels.Declare.as_view(), name="declare"),
    path("committee/<slug:ref>/review/", reviewing.WriteReview.as_view(), name="review"),
    path("committee/<slug:ref>/review/unseal/", reviewing.UnsealReview.as_view(), name="unseal"),
    path("committee/<slug:ref>/review/decline/", reviewing.DeclineReview.as_view(), name="excuse"),
    path("committee/<slug:ref>/vote/", deciding.CastVote.as_view(), name="vote"),
    path("committee/<slug:ref>/determine/", deciding.Determine.as_view(), name="determine"),
    path("committee/<slug:ref>/letter/", letters.WriteLetter.as_view(), name="letter"),
    path("decisions/", decisions.DecisionList.as_view(), name="decisions"),
    path("decisions/<slug:ref>/", decisions.DecisionPage.as_view(), name="decision"),
    path("decisions/<slug:ref>/end/", decisions.EndWaiting.as_view(), name="end-waiting"),
]
