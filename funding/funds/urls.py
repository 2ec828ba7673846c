from django.urls import path

from funding.funds.views import desk, moves, projects, vouchers

app_name = "funds"
urlpatterns = [
    path("desk/projects/", projects.ProjectList.as_view(), name="projects"),
    path("desk/projects/new/", projects.NewProject.as_view(), name="project-new"),
    path("desk/projects/<slug:slug>/edit/", projects.EditProject.as_view(), name="project-edit"),
    path("desk/projects/<slug:slug>/open/", projects.OpenProject.as_view(), name="project-open"),
    path("desk/projects/<slug:slug>/pause/", projects.PauseProject.as_view(), name="project-pause"),
    path("desk/funds/", desk.FundDesk.as_view(), name="desk"),
    path("desk/funds/moves/new/", moves.Ask.as_view(), name="move-ask"),
    path("desk/funds/moves/<int:pk>/approve/", moves.Approve.as_view(), name="move-approve"),
    path("desk/funds/moves/<int:pk>/withdraw/", moves.Withdraw.as_view(), name="move-withdraw"),
    path("desk/funds/needs/<int:pk>/", desk.TopUp.as_view(), name="need-top-up"),
    path("desk/vouchers/", vouchers.Vouchers.as_view(), name="vouchers"),
    path("desk/vouchers/new/<slug:kind>/", vouchers.New.as_view(), name="voucher-new"),
    path("desk/vouchers/<int:pk>/approve/", vouchers.Approve.as_view(), name="voucher-approve"),
    path("desk/vouchers/<int:pk>/withdraw/", vouchers.Withdraw.as_view(), name="voucher-withdraw"),
    path("desk/vouchers/<int:pk>/match/", vouchers.KeepMatching.as_view(), name="voucher-match"),
    path("desk/funds/moves/<int:pk>/recall/", moves.Recall.as_view(), name="move-recall"),
    path("desk/funds/<slug:slug>/", desk.FundPage.as_view(), name="fund"),
]
