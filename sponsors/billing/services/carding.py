"""Change the saved card: a hosted page keeps a new one, and what is owed is charged to it at once.

As with payments, `settle_card` is the one verb that learns what became of a page; the return page, the webhook and the
sweeper all end in it.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict
from funding.payments import gateway
from funding.payments.services import customer_for
from funding.people.roles import Viewer
from funding.web import throttle, trouble
from sponsors.billing import defence, emails, links
from sponsors.billing.models import CARD_CHANGE, CardChange
from sponsors.billing.services import recording
from sponsors.billing.services.collecting import PAGE_LIFE, collect
from sponsors.billing.signals import card_kept
from sponsors.invoices import services as invoices
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships import numbers
from sponsors.sponsorships.models import Sponsorship

CARD = "card"
"""In the processor's metadata."""
TASK = "sponsors.billing.tasks.sweep_cards"
State = CardChange.State


def change_card(*, actor: Viewer, sponsorship: Sponsorship, place: str = "", saved_url: str = "", cancel_url: str = "") -> str:
    """Open the page that saves a new card and return its address; the same page while one is open.

    `place` is the network address that it was asked from; `saved_url` and `cancel_url` are where the page leads back to, unless the
    pages of billing do. Call it outside a transaction. Raises Conflict where no card will be
    charged again, Throttled, gateway.Unavailable, gateway.Rejected.
    """
    defence.card_page(place=place, about=sponsorship.ref)
    open_one = CardChange.objects.filter(sponsorship=sponsorship, state__in=CardChange.UNDECIDED).first()
    if open_one is not None:
        open_one = settle_card(change_id=open_one.pk)
    if open_one is None or open_one.state not in CardChange.UNDECIDED:
        open_one = _begin(actor=actor, sponsorship=sponsorship)
    return _page(open_one, saved_url, cancel_url)


def close_card_page(*, change_id: int) -> CardChange:
    """Let nobody save a card on that page any more; one that was saved on it is kept. Call it outside a transaction.

    A page whose address nobody was given yet is closed too, and so is one that the processor does not know; should a card be saved
    on it after all, it is kept when that is known. Raises gateway.Unavailable.
    """
    try:
        change = settle_card(change_id=change_id)
        if change.state in CardChange.UNDECIDED and change.checkout_id:
            gateway.expire_checkout(change.checkout_id)
            change = settle_card(change_id=change_id)
    except gateway.Rejected as error:
        trouble.note(TASK, f"card page:{change_id}", error)
        return _abandon(change_id)
    return _abandon(change_id) if change.state in CardChange.UNDECIDED else change


def settle_card(*, change_id: int) -> CardChange:
    """Learn what became of a card page and act on it; changes nothing the second time. Call it outside a transaction.

    A new card that is kept is charged at once for what is owed; a refusal of that charge is no error here, `retried` shows it.
    Raises gateway.Unavailable, gateway.Rejected.
    """
    change = CardChange.objects.select_related("sponsorship__party").get(pk=change_id)
    if change.state != State.SAVED:
        change = _learn(change)
    if change.retried is not None and change.retried.state == Payment.State.CREATED:
        change.retried = collect(payment_id=change.retried.pk)
    return change


def on_card_news(reference: str, object_id: str, event_type: str) -> None:
    """The processor has news of a card page. Raises Conflict for a reference that is not ours."""
    change = CardChange.objects.filter(ref=reference).first()
    if change is None:
        raise Conflict(f"There is no change of card {reference}.")
    if event_type == defence.CARD_REFUSED:
        defence.refused(change.ref)
    settle_card(change_id=change.pk)


def sweep_cards(*, limit: int = 200) -> int:
    """Look again at every open card page that is due, however its news was missed.

    One that fails does not stop the others: it is kept where a person sees it.
    """
    due = CardChange.objects.filter(state__in=CardChange.UNDECIDED, next_look_at__lte=timezone.now()).order_by("next_look_at")
    found = list(due.values_list("pk", flat=True)[:limit])
    watch = trouble.Watch(TASK)
    for pk in found:
        with watch.item(f"card page:{pk}"):
            _settle_or_look_later(pk)
    return len(found)


def _settle_or_look_later(pk: int) -> None:
    try:
        settle_card(change_id=pk)
    except gateway.Unavailable:
        _look_later(pk)
        raise
    except Exception as error:
        _look_later(pk, said=f"{type(error).__name__}: {error}")
        raise


def send_fresh_link(*, sponsorship: Sponsorship) -> None:
    """Mail fresh links to the address on file, at most three a day. Says nothing to whoever asked, whatever the state.

    Call it outside a transaction: a count is not undone by one. Raises Throttled, Unavailable.
    """
    throttle.hit("card-link", sponsorship.ref, limit=3, per=dt.timedelta(days=1), when_down=throttle.REFUSE)
    if sponsorship.over:
        return
    with transaction.atomic():
        emails.fresh_link(sponsorship, f"{sponsorship.ref}:{timezone.now():%Y%m%d%H%M}")


@audited("sponsorships.change_card", subject="sponsorship")
def _begin(*, actor: Viewer, sponsorship: Sponsorship) -> CardChange:
    locked = recording.lock_sponsorship(sponsorship.pk)
    if not chargeable(locked):
        raise Conflict(_("No card will be charged for this sponsorship any more, so there is none to change."))
    existing = CardChange.objects.filter(sponsorship=locked, state__in=CardChange.UNDECIDED).first()
    if existing is not None:
        return existing
    pk, ref = numbers.take(CardChange, "CARD")
    now = timezone.now()
    return CardChange.objects.create(
        pk=pk,
        ref=ref,
        sponsorship=locked,
        idempotency_key=invoices.new_key(ref),
        key_at=now,
        created_at=clock.now(),
        next_look_at=now + dt.timedelta(minutes=1),
    )


def chargeable(sponsorship: Sponsorship) -> bool:
    """Whether its saved card is charged some day if nobody does anything, or may be."""
    running = sponsorship.state == Sponsorship.State.ACTIVE and sponsorship.recurring and not sponsorship.stopped_at
    return running or sponsorship.unpaid or sponsorship.promised


def _page(change: CardChange, saved_url: str, cancel_url: str) -> str:
    if change.checkout_id:
        return gateway.read_checkout(change.checkout_id).url
    sponsorship = change.sponsorship
    page = gateway.open_card_page(
        customer=customer_for(party=sponsorship.party),
        currency=sponsorship.currency,
        kind=CARD,
        reference=change.ref,
        success_url=saved_url or links.saved(change.ref),
        cancel_url=cancel_url or links.card(sponsorship, at=change.key_at),
        key=change.idempotency_key,
    )
    _keep_page(change.pk, page.id)
    return page.url


@transaction.atomic
def _keep_page(pk: int, checkout_id: str) -> None:
    change = _lock(pk)
    change.checkout_id = checkout_id
    if change.state == State.CREATED:
        change.state = State.OPEN
    change.save()


def _learn(change: CardChange) -> CardChange:
    if not change.checkout_id:
        # Nobody was given the page's address, unless we died between the answer and our note: then it can save no card for us.
        return _abandon(change.pk) if timezone.now() - change.key_at > PAGE_LIFE else _look_later(change.pk)
    page = gateway.read_checkout(change.checkout_id)
    refused = defence.too_many_refusals(change.ref)
    if page.open and (refused or not chargeable(change.sponsorship)):
        page = gateway.expire_checkout(page.id)
    if page.payment_method and not page.open:
        return _save(change.pk, page)
    if not page.open:
        return _abandon(change.pk)
    return _look_later(change.pk)


@transaction.atomic
def _save(pk: int, page: gateway.Checkout) -> CardChange:
    """Keep the new card, and make the attempt to collect what is owed with it, both or neither."""
    change = _lock(pk)
    if change.state == State.SAVED:
        return change
    CARD_CHANGE.check(change.state, State.SAVED)
    sponsorship = change.sponsorship
    sponsorship.payment_method, sponsorship.card_label = page.payment_method or "", page.card_label or ""
    sponsorship.card_expires_on = page.card_expires_on
    sponsorship.save(update_fields=["payment_method", "card_label", "card_expires_on"])
    change.state, change.card_label, change.trouble = State.SAVED, page.card_label or "", ""
    owed = _owed(sponsorship)
    if owed is not None:
        change.retried = invoices.attempt(invoice=owed, method=Payment.Method.SAVED_CARD)
    change.save()
    if sponsorship.tier_id is not None:
        emails.card_changed(sponsorship, change)
    card_kept.send(sender=CardChange, change=change)
    return change


def _owed(sponsorship: Sponsorship) -> Invoice | None:
    """The open invoice of an unpaid sponsorship or pledge, unless it is being paid at this moment."""
    if not (sponsorship.unpaid or sponsorship.promised):
        return None
    rows = Invoice.objects.select_for_update(no_key=True).filter(sponsorship=sponsorship, state=Invoice.State.OPEN)
    invoice = rows.order_by("period_start").first()
    if invoice is None or invoices.live_payment(invoice) is not None:
        return None
    invoice.sponsorship = sponsorship
    return invoice


@transaction.atomic
def _abandon(pk: int) -> CardChange:
    change = _lock(pk)
    if change.state in CardChange.UNDECIDED:
        CARD_CHANGE.check(change.state, State.ABANDONED)
        change.state = State.ABANDONED
        change.save()
    return change


@transaction.atomic
def _look_later(pk: int, said: str = "") -> CardChange:
    change = _lock(pk)
    if change.state in CardChange.UNDECIDED:
        wait = min(recording.LOOK_SECONDS * 2 ** min(change.looks, 10), recording.LONGEST_LOOK)
        change.looks, change.trouble = change.looks + 1, said[:300]
        change.next_look_at = timezone.now() + dt.timedelta(seconds=wait)
        change.save()
    return change


def _lock(pk: int) -> CardChange:
    """The change with its sponsorship, both locked, the sponsorship first as everywhere."""
    found = CardChange.objects.values("sponsorship_id").get(pk=pk)
    sponsorship = recording.lock_sponsorship(found["sponsorship_id"])
    change = CardChange.objects.select_for_update(no_key=True, of=("self",)).select_related("retried").get(pk=pk)
    change.sponsorship = sponsorship
    return change
