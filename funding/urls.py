"""Every address of the site. The stable ones are listed in docs/reference/addresses.md."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path

# One door: the admin's own has neither limits nor a second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("funding.people.urls")),
    path("", include("funding.funds.urls")),
    path("", include("funding.payments.urls")),
    path("", include("sponsors.tiers.urls")),
    path("", include("sponsors.billing.urls")),
    path("", include("sponsors.goals.urls")),
    path("", include("sponsors.refunds.urls")),
    path("", include("grants.rates.urls")),
    path("", include("grants.awards.urls")),
    path("", include("grants.proposals.urls")),
    path("", include("grants.committee.urls")),
    path("", include("grants.engagements.urls")),
    path("", include("grants.timesheets.urls")),
    path("", include("grants.payouts.urls")),
    path("", include("funding.site.reports.urls")),
    path("", include("funding.site.recovery.urls")),
    path("", include("funding.site.setup.urls")),
    path("", include("funding.site.pages.urls")),
    path("", include("funding.site.api.urls")),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("funding.site.demo.urls")))
    urlpatterns.append(path("components/", include("funding.components.samples.urls")))

handler400 = "funding.web.views.bad_request"
handler403 = "funding.web.views.forbidden"
handler404 = "funding.web.views.not_found"
handler429 = "funding.web.views.too_many_requests"
handler500 = "funding.web.views.server_error"
