"""Become a sponsor: agree, then pay on the processor's card page. Also the same page for a payment that failed."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.funds import services as funds
from funding.funds.models import Project
from funding.payments import gateway
from funding.payments.services import customer_for
from funding.people import services as people
from funding.people.models import Membership, Party, User
from funding.people.roles import Viewer
from sponsors.billing import defence, links
from sponsors.billing.services import recording
from sponsors.billing.services.collecting import KIND, settle
from sponsors.dunning import services as dunning
from sponsors.invoices import services as invoices
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships import naming as names
from sponsors.sponsorships import numbers
from sponsors.sponsorships.models import Sponsorship
from sponsors.sponsorships.selectors import parties_of
from sponsors.tiers.fees import estimate
from sponsors.tiers.models import Tier

State = Payment.State
FITS = {
    Party.Kind.PERSON: {Tier.Audience.ANYONE, Tier.Audience.PERSON},
    Party.Kind.ORGANISATION: {Tier.Audience.ANYONE, Tier.Audience.COMPANY},
}
UNPAID_AN_HOUR = 10
"""Sign-ups of one e-mail address that nobody paid for. More than this in an hour is somebody who tries stolen cards."""
UNPAID_OF_A_TIER = 200
"""The same for one tier, whoever they say they are: they change addresses, and keep to the smallest price."""
HOUR = dt.timedelta(hours=1)


class Joined(NamedTuple):
    """What a sign-up made. The payment has its key and nobody has been called yet."""

    party: Party
    sponsorship: Sponsorship
    invoice: Invoice
    payment: Payment


@audited("sponsorships.sign_up", subject="tier")
def sign_up(
    *,
    actor: Viewer,
    tier: Tier,
    kind: str,
    name: str,
    email: str,
    country: str = "",
    naming: str = names.PUBLIC,
    public_name: str = "",
    place: str = "",
) -> Joined:
    """Agree to a published tier, as a person or an organisation (`kind` of Party), signed in or not. Nothing is charged.

    `name` is the legal name for receipts; `public_name` is used only with naming "public" and falls back to `name`.
    `place` is the network address that it came from; empty is not counted.
    Price, host fee, fund and interval are copied from the tier and the host as they are now.
    Raises Invalid, Conflict, Refused or Throttled after too many sign-ups, Unavailable while nobody can count them.
    """
    tier = Tier.objects.select_related("project", "fund").get(pk=tier.pk)
    name, public_name = names.tidy(name), names.tidy(public_name)
    _check(tier, kind, name, country, naming)
    defence.sign_up(actor=actor, email=email, place=place)
    _slow_down(email, tier)
    host = funds.host()
    if estimate(tier.price, host.fee_basis_points).net.amount <= 0:
        raise Conflict(_("After the fees nothing would be left of this tier, so it cannot be taken now."))
    today, now = clock.today(), clock.now()
    pk, ref = numbers.take(Sponsorship, "S")
    sponsorship = Sponsorship.objects.create(
        pk=pk,
        ref=ref,
        party=party_for(actor, kind=kind, name=name, email=email, country=country),
        tier=tier,
        project=tier.project,
        fund=tier.fund,
        tier_name=tier.name,
        amount=tier.amount,
        currency=tier.currency,
        interval=tier.interval,
        host_fee_basis_points=host.fee_basis_points,
        grace_days=dunning.in_force()[1].grace_days,
        naming=naming,
        public_name=(public_name or name)[:80] if naming == names.PUBLIC else "",
        payer_name=name,
        payer_country=country,
        contact_email=email.lower(),
        anchor_on=today,
        created_at=now,
    )
    invoice = invoices.issue(sponsorship=sponsorship, period_start=today, due_on=today)
    payment = invoices.attempt(invoice=invoice, method=Payment.Method.CHECKOUT)
    return Joined(sponsorship.party, sponsorship, invoice, payment)


def start_checkout(*, payment: Payment) -> str:
    """Open the processor's card page for an attempt and return its address. Safe to repeat: the same page comes back.

    Call it outside a transaction. Raises Conflict when the attempt is over, gateway.Unavailable, gateway.Rejected.
    """
    payment = _begin(payment.pk)
    sponsorship = payment.invoice.sponsorship
    page = gateway.open_checkout(
        customer=customer_for(party=sponsorship.party),
        amount=payment.money,
        description=payment.description,
        kind=KIND,
        reference=payment.ref,
        success_url=links.paid(payment),
        cancel_url=links.again(sponsorship, at=payment.key_at),
        key=payment.idempotency_key,
    )
    _keep_page(payment.pk, page.id)
    return page.url


def join(
    *,
    actor: Viewer,
    tier: Tier,
    kind: str,
    name: str,
    email: str,
    country: str = "",
    naming: str = names.PUBLIC,
    public_name: str = "",
    place: str = "",
    replaces: Sponsorship | None = None,
) -> str:
    """`sign_up` and `start_checkout`: the address to go to, which is the card page.

    `replaces` is an unpaid sign-up that this one corrects. Its card page is closed first; if it turns out to be paid,
    nothing new is made and the address of its receipt is returned. Whoever signs up for a tier again has one card page
    open: earlier ones are closed, and say nothing to whoever typed the same address. Raises as those two do.
    """
    if replaces is not None:
        earlier = _close_unpaid(replaces)
        if earlier is not None:
            return links.paid(earlier)
    for other in _open_pages(actor, tier, email):
        _close_unpaid(other)
    who = {"kind": kind, "name": name, "email": email, "country": country, "naming": naming, "public_name": public_name}
    joined = sign_up(actor=actor, tier=tier, place=place, **who)
    return start_checkout(payment=joined.payment)


def pay(*, actor: Viewer, sponsorship: Sponsorship, place: str = "") -> str:
    """Pay an open invoice on the card page, with any card and whatever its bank asks; that card is kept for the next time.

    Returns the address to go to. `place` is the network address that it was asked from. An attempt that is under way is
    settled first, so that nothing is paid twice. Raises Conflict when nothing is owed or the saved card is being charged at
    this moment, Throttled, gateway.Unavailable, gateway.Rejected.
    """
    defence.card_page(place=place, about=sponsorship.ref)
    invoice = Invoice.objects.filter(sponsorship=sponsorship, state=Invoice.State.OPEN).order_by("period_start").first()
    if invoice is None:
        raise Conflict(_("Nothing is owed on this sponsorship."))
    live = invoices.live_payment(invoice)
    if live is not None:
        live = settle(payment_id=live.pk)
        if live.state in Payment.TAKEN:
            return links.paid(live)
        if live.state in Payment.OPEN and live.method == Payment.Method.CHECKOUT:
            return _page_of(live)
        if live.state in Payment.OPEN:
            raise Conflict(_("The saved card is being charged at this moment. Look again in a minute."))
    return start_checkout(payment=_another(actor=actor, sponsorship=sponsorship, invoice=invoice))


def _page_of(payment: Payment) -> str:
    if not payment.checkout_id:
        return start_checkout(payment=payment)
    return gateway.read_checkout(payment.checkout_id).url


@audited("sponsorships.pay_again", subject="sponsorship")
def _another(*, actor: Viewer, sponsorship: Sponsorship, invoice: Invoice) -> Payment:
    recording.lock_sponsorship(sponsorship.pk)
    invoice = Invoice.objects.select_related("sponsorship__project").get(pk=invoice.pk)
    if invoice.state != Invoice.State.OPEN or invoices.live_payment(invoice) is not None:
        raise Conflict(_("This invoice was paid, or is being paid, since you opened the page."))
    return invoices.attempt(invoice=invoice, method=Payment.Method.CHECKOUT)


def _check(tier: Tier, kind: str, name: str, country: str, naming: str) -> None:
    if tier.state != Tier.State.PUBLISHED:
        raise Conflict(_("This tier is not offered any more. The project's page shows what is."))
    if tier.project.state != Project.State.OPEN:
        raise Conflict(_("{project} takes no new sponsors at the moment.").format(project=tier.project))
    check_payer(kind, name, country, naming)
    if tier.audience not in FITS[Party.Kind(kind)]:
        people = tier.audience == Tier.Audience.PERSON
        raise Invalid(_("This tier is for people.") if people else _("This tier is for companies."), field="kind")


def check_payer(kind: str, name: str, country: str, naming: str) -> None:
    """Whoever promises money says who they are. Raises Invalid (field kind, name, country or naming)."""
    if kind not in Party.Kind.values:
        raise Invalid(_("Say whether you pay as a person or for a company."), field="kind")
    if not name:
        raise Invalid(_("Enter the name that the receipt is made out to."), field="name")
    if kind == Party.Kind.ORGANISATION and not country:
        raise Invalid(_("Choose the country in which the company is registered."), field="country")
    if naming not in Sponsorship.Naming.values:
        raise Invalid(_("Choose how you are named."), field="naming")


def _slow_down(email: str, tier: Tier) -> None:
    recent = Sponsorship.objects.filter(paid_through=None, created_at__gt=clock.now() - HOUR)
    if recent.filter(contact_email=email.lower()).count() >= UNPAID_AN_HOUR:
        raise Refused(_("Too many sign-ups from this address were not paid. Nothing was charged; try again in an hour."), rule="too-many")
    if recent.filter(tier=tier).count() >= UNPAID_OF_A_TIER:
        raise Refused(_("Too many people sign up at this moment. Nothing was charged; try again in an hour."), rule="too-many")


def party_for(actor: Viewer, *, kind: str, name: str, email: str, country: str) -> Party:
    """Whoever signs in pays through their own party; somebody else gets one that their verified address can claim later."""
    if not isinstance(actor, User):
        return people.create_party(kind=kind, name=name, email=email, country=country)
    if kind == Party.Kind.PERSON:
        return people.person_party(user=actor)
    owned = Party.objects.filter(kind=kind, name__iexact=name, memberships__user=actor, memberships__role=Membership.Role.OWNER)
    return owned.order_by("pk").first() or people.create_party(kind=kind, name=name, email=email, country=country, owner=actor)


@transaction.atomic
def _begin(payment_id: int) -> Payment:
    payment = recording.lock(payment_id)
    if payment.state not in Payment.UNDECIDED:
        raise Conflict(_("{payment} is over already.").format(payment=payment))
    payment.state = State.PROCESSING
    payment.save()
    return payment


@transaction.atomic
def _keep_page(payment_id: int, checkout_id: str) -> None:
    payment = recording.lock(payment_id)
    payment.checkout_id = checkout_id
    payment.save()


def _open_pages(actor: Viewer, tier: Tier, email: str) -> list[Sponsorship]:
    """This person's sign-ups for the tier that have an open card page: by their own parties, or by the address of a stranger."""
    pages = Payment.objects.filter(state__in=Payment.UNDECIDED).exclude(checkout_id="").values("invoice__sponsorship")
    pending = Sponsorship.objects.filter(tier=tier, state=Sponsorship.State.PENDING, pk__in=pages)
    mine = pending.filter(party__in=parties_of(actor)) if isinstance(actor, User) else pending.filter(contact_email=email.lower())
    return list(mine.order_by("pk"))


def _close_unpaid(sponsorship: Sponsorship) -> Payment | None:
    """Close the card page of an unpaid sign-up. Returns its payment if money was taken after all."""
    payment = Payment.objects.filter(invoice__sponsorship=sponsorship).order_by("-attempt").first()
    if payment is None:
        return None
    if payment.state in Payment.UNDECIDED and payment.checkout_id:
        gateway.expire_checkout(payment.checkout_id)
        payment = settle(payment_id=payment.pk)
    return payment if payment.state in Payment.TAKEN else None
