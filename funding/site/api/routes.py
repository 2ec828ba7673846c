"""What there is under /api/v1/: the routes of every app, in the order in which the docs list them."""

from __future__ import annotations

from funding.api.views import Route
from funding.funds import api as funds
from funding.people import api as people
from funding.site.pages import api as books
from funding.site.reports import api as reports
from grants.awards import api as awards
from grants.committee import api as committee
from grants.engagements import api as engagements
from grants.payouts import api as payouts
from grants.proposals import api as proposals
from grants.timesheets import api as timesheets
from sponsors.goals import api as goals
from sponsors.invoices import api as invoices
from sponsors.tiers import api as tiers

ROUTES: list[Route] = [
    *people.routes,
    *funds.routes,
    *tiers.routes,
    *goals.routes,
    *awards.routes,
    *invoices.routes,
    *proposals.routes,
    *committee.routes,
    *engagements.routes,
    *timesheets.routes,
    *payouts.routes,
    *books.routes,
    *reports.routes,
]
