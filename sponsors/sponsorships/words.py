"""The one sentence that every plan carries: what is charged next and when, and whether there is anything to do."""

from __future__ import annotations

from funding.components.formats import date
from sponsors.sponsorships.models import Sponsorship

State = Sponsorship.State


def next_step(sponsorship: Sponsorship) -> str:
    """`Next charge: Mon 21 Dec 2026, $100.00, from Visa ending 4242. Nothing to do.`"""
    through = date(sponsorship.paid_through) if sponsorship.paid_through else ""
    if sponsorship.promised:
        return "A pledge. The card is charged only if the goal is reached."
    if sponsorship.state == State.PENDING:
        return "Nothing has been paid yet."
    if sponsorship.unpaid:
        perks = date(sponsorship.perks_through) if sponsorship.perks_through else ""
        grace = sponsorship.state == State.GRACE
        held = f"Perks go on through {perks}." if grace else f"Perks ended after {perks}."
        return f"The last payment failed. {held} Change the card, or pay with another one, to go on."
    if sponsorship.state == State.LAPSED:
        return f"Lapsed, because it was not paid. It was paid through {through}. Your card is not charged again. Nothing is owed."
    if sponsorship.state == State.ENDED:
        return f"Ended. It was paid through {through}. Nothing to do." if through else "Ended before it was paid. Nothing to do."
    if not sponsorship.recurring:
        return "Paid once. Your card is not charged again. Nothing to do."
    if sponsorship.next_charge_on is None:
        return f"Stopped. It is paid through {through} and your card is not charged again. Nothing to do."
    card = f", from {sponsorship.card_label}" if sponsorship.card_label else ""
    return f"Next charge: {date(sponsorship.next_charge_on)}, {sponsorship.price.format()}{card}. Nothing to do."
