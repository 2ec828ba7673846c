"""The one sentence that every plan carries: what is charged next and when, and whether there is anything to do."""

from __future__ import annotations

from django.utils.translation import gettext as _

from funding.components.formats import date
from sponsors.sponsorships.models import Sponsorship

State = Sponsorship.State


def next_step(sponsorship: Sponsorship) -> str:
    """`Next charge: Mon 21 Dec 2026, $100.00, from Visa ending 4242. Nothing to do.`"""
    through = date(sponsorship.paid_through) if sponsorship.paid_through else ""
    if sponsorship.promised:
        return _("A pledge. The card is charged only if the goal is reached.")
    if sponsorship.state == State.PENDING:
        return _("Nothing has been paid yet.")
    if sponsorship.unpaid:
        perks = date(sponsorship.perks_through) if sponsorship.perks_through else ""
        grace = sponsorship.state == State.GRACE
        held = _("Perks go on through {perks}.").format(perks=perks) if grace else _("Perks ended after {perks}.").format(perks=perks)
        return _("The last payment failed. {held} Change the card, or pay with another one, to go on.").format(held=held)
    if sponsorship.state == State.LAPSED:
        return _("Lapsed, because it was not paid. It was paid through {through}. Your card is not charged again. Nothing is owed.").format(
            through=through
        )
    if sponsorship.state == State.ENDED:
        return (
            _("Ended. It was paid through {through}. Nothing to do.").format(through=through)
            if through
            else _("Ended before it was paid. Nothing to do.")
        )
    if not sponsorship.recurring:
        return _("Paid once. Your card is not charged again. Nothing to do.")
    if sponsorship.next_charge_on is None:
        return _("Stopped. It is paid through {through} and your card is not charged again. Nothing to do.").format(through=through)
    card = f", from {sponsorship.card_label}" if sponsorship.card_label else ""
    return _("Next charge: {date}, {price}{card}. Nothing to do.").format(
        date=date(sponsorship.next_charge_on), price=sponsorship.price.format(), card=card
    )
