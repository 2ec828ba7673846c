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
        said = (
            _("The last payment failed. Perks go on through {day}. Change the card, or pay with another one, to go on.")
            if sponsorship.state == State.GRACE
            else _("The last payment failed. Perks ended after {day}. Change the card, or pay with another one, to go on.")
        )
        return said.format(day=perks)
    if sponsorship.state == State.LAPSED:
        said = _("Lapsed, because it was not paid. It was paid through {day}. Your card is not charged again. Nothing is owed.")
        return said.format(day=through)
    if sponsorship.state == State.ENDED:
        if not through:
            return _("Ended before it was paid. Nothing to do.")
        return _("Ended. It was paid through {day}. Nothing to do.").format(day=through)
    if not sponsorship.recurring:
        return _("Paid once. Your card is not charged again. Nothing to do.")
    if sponsorship.next_charge_on is None:
        return _("Stopped. It is paid through {day} and your card is not charged again. Nothing to do.").format(day=through)
    day, price, card = date(sponsorship.next_charge_on), sponsorship.price, sponsorship.card_label
    if not card:
        return _("Next charge: {day}, {price}. Nothing to do.").format(day=day, price=price)
    return _("Next charge: {day}, {price}, from {card}. Nothing to do.").format(day=day, price=price, card=card)
