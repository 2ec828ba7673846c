"""Money that is reserved in a fund whose period is over, and that no day can use any more: a person ends the engagement."""

from __future__ import annotations

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _

from funding import clock
from funding.components import formats
from funding.money import Money
from funding.web.attention import Act, Found, Item
from grants.engagements import drawing
from grants.engagements.models import Engagement, EngagementFund
from grants.timesheets import selectors
from grants.timesheets.models import WorkEntry


def find(limit: int) -> Found:
    """For `attention`: beyond what is kept for approved days. An engagement with days that wait for approval is not listed yet."""
    over = EngagementFund.objects.filter(engagement__state=Engagement.State.ACTIVE, fund__ends_on__lt=clock.today())
    over = over.filter(reservation__reserved__gt=F("reservation__drawn") + F("reservation__released"))
    waiting = WorkEntry.objects.filter(state=WorkEntry.State.LOGGED).values("engagement")
    rows = over.exclude(engagement__in=waiting).select_related("engagement__project", "engagement__worker", "fund", "reservation")
    items = [item for row in rows.order_by("fund__ends_on", "pk") if (item := _item(row)) is not None]
    return Found(items[:limit], len(items))


def _item(row: EngagementFund) -> Item | None:
    engagement, ended = row.engagement, row.fund.ends_on
    kept = drawing.kept(engagement, selectors.dated(selectors.approved(engagement)))
    spare = Money(row.reservation.open - kept.get(row.pk, 0), row.fund.currency)
    if not spare or ended is None:
        return None
    why = _("{fund} pays for work until {date}, so {spare} that it holds for this engagement pays nobody any more.").format(
        fund=row.fund.name, date=formats.date(ended), spare=spare
    )
    acts = (Act(_("End the engagement"), reverse("timesheets:end", args=[engagement.ref])),)
    return Item(f"{engagement.ref} {engagement.title}", ended, why, acts, engagement.get_absolute_url())
