from django.urls import path

from grants.proposals.views import calls, proposals

app_name = "proposals"
urlpatterns = [
    path("calls/", calls.CallList.as_view(), name="calls"),
    path("calls/new/", calls.NewCall.as_view(), name="call-new"),
    path("calls/<slug:slug>/", calls.CallPage.as_view(), name="call"),
    path("calls/<slug:slug>/edit/", calls.EditCall.as_view(), name="call-edit"),
    path("calls/<slug:slug>/rubric/", calls.EditRubric.as_view(), name="rubric"),
    path("calls/<slug:slug>/open/", calls.OpenCall.as_view(), name="call-open"),
    path("calls/<slug:slug>/close/", calls.CloseCall.as_view(), name="call-close"),
    path("calls/<slug:slug>/propose/", proposals.StartProposal.as_view(), name="start"),
    path("proposals/", proposals.MyProposals.as_view(), name="mine"),
    path("proposals/<slug:ref>/", proposals.ProposalPage.as_view(), name="proposal"),
    path("proposals/<slug:ref>/edit/", proposals.EditProposal.as_view(), name="edit"),
    path("proposals/<slug:ref>/submit/", proposals.SubmitProposal.as_view(), name="submit"),
    path("proposals/<slug:ref>/reopen/", proposals.ReopenProposal.as_view(), name="reopen"),
    path("proposals/<slug:ref>/withdraw/", proposals.WithdrawProposal.as_view(), name="withdraw"),
    path("proposals/<slug:ref>/revisions/<int:number>/", proposals.RevisionPage.as_view(), name="revision"),
]
