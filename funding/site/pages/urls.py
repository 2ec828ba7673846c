from django.urls import path

from funding.site.pages import downloads, fund_page, sealed_days, views

app_name = "pages"
urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("projects/", views.Projects.as_view(), name="projects"),
    path("projects/<slug:slug>/", views.ProjectPage.as_view(), name="project"),
    path("projects/<slug:slug>/month/", views.ThisMonth.as_view(), name="project-month"),
    path("projects/<slug:slug>/work/", views.WorkLog.as_view(), name="work-log"),
    path("projects/<slug:slug>/sponsors/", views.Sponsors.as_view(), name="sponsors"),
    path("books/", views.Books.as_view(), name="books"),
    path("books/verify/", views.Verify.as_view(), name="verify"),
    path("books/check_books.py", sealed_days.Script.as_view(), name="check-books"),
    path("books/export.csv", downloads.Export.as_view(form="csv"), name="export-csv"),
    path("books/export.beancount", downloads.Export.as_view(form="beancount"), name="export-beancount"),
    path("books/export.json", downloads.Export.as_view(form="json"), name="export-json"),
    path("books/funds/<slug:slug>/", fund_page.FundPage.as_view(), name="fund"),
    path("books/funds/<slug:slug>/statement.csv", fund_page.StatementCsv.as_view(), name="fund-csv"),
    path("books/entries/<int:number>/", views.EntryPage.as_view(), name="entry"),
    path("books/days/", sealed_days.Days.as_view(), name="days"),
    path("books/days/<str:day>/", sealed_days.DayPage.as_view(), name="day"),
    path("books/days/<str:day>.txt", sealed_days.DayText.as_view(), name="day-text"),
    path("books/payments/<str:ref>/", views.PaymentTrail.as_view(), name="payment-trail"),
    path("favicon.ico", views.Icon.as_view(), name="icon"),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
]
