"""Replay the flow on the operator's own test keys: what the stand-in believes of the processor is seen at the processor itself.

1. `run` stores the probe and its key, then calls the processor step by step outside a transaction, and stores what came back.
2. `on_news` notes that signed news of it arrived, which closes the circle.

It posts nothing. What it leaves on the processor's balance is filed by the reconciliation as explained. Source: docs/first-run.md.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Refused
from funding.money import Money
from funding.payments import gateway
from funding.payments.models import Probe
from funding.people.models import Host, User
from funding.people.policies import require_keeper

KIND = "probe"
"""In the processor's metadata."""
SUM = 100_000
"""Minor units: above every currency's smallest charge."""
GOOD_CARD, FAILING_CARD = "pm_card_visa", "pm_card_chargeCustomerFail"
FEE_LOOKS, FEE_WAIT = 6, 1.0
"""The fee of a charge is booked a moment after it: how often it is looked for, and the seconds between."""
NEWS_WAIT = dt.timedelta(minutes=3)


def live() -> bool:
    return "_live_" in settings.STRIPE_SECRET_KEY


def last() -> Probe | None:
    return Probe.objects.select_related("asked_by").first()


def waits_for_news(probe: Probe) -> bool:
    return probe.answered and probe.news_at is None and timezone.now() - probe.began_at < NEWS_WAIT


def run(*, actor: User) -> Probe:
    """Replay the flow and return what came of it; it takes some seconds. Call it outside a transaction.

    Raises Refused for anybody but an administrator or treasurer (role), on live keys (live) and without a host (host).
    """
    probe = begin(actor=actor, host=Host.get())
    flow = Flow(probe)
    for name, step in STEPS.items():
        try:
            said, ok = step(flow), True
        except gateway.GatewayError as error:
            said, ok = error.message, False
        flow.steps.append({"name": name.value, "ok": ok, "said": said})
        if not ok and step is not read_fee:
            break  # a fee that comes late is no reason to keep the test charge
    # News of it may have come meanwhile, so only what is known here is written.
    Probe.objects.filter(pk=probe.pk).update(steps=flow.steps, finished_at=clock.now())
    probe.refresh_from_db()
    return probe


@audited("payments.probe", subject="host")
def begin(*, actor: User, host: Host | None) -> Probe:
    """Store the probe before anything is called. Raises as `run` does."""
    require_keeper(actor)
    if host is None:
        raise Refused(_("Name the host and its currency first."), rule="host")
    if live():
        raise Refused(_("These are live keys. The flow is replayed on test keys only, because it moves money."), rule="live")
    return Probe.objects.create(asked_by=actor, asked_at=clock.now(), began_at=timezone.now())


def on_news(reference: str, object_id: str, event_type: str) -> None:
    """News of a probe arrived and its signature held. Another installation's probe on the same keys is nobody's here."""
    with suppress(ValueError):
        Probe.objects.filter(key=uuid.UUID(reference), news_at=None).update(news_at=clock.now())


def behind(movement: str) -> Probe | None:
    """The probe that left this movement (`txn_…`) on the balance, or None."""
    return Probe.objects.filter(movements__contains=movement).select_related("asked_by").first()


@dataclass
class Flow:
    """What the steps of one probe hand on to each other."""

    probe: Probe
    host: Host = field(init=False)
    customer: str = ""
    card: str = ""
    charge: gateway.Charge | None = None
    steps: list[dict[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.host = Host.objects.select_related("party").get()

    @property
    def sum(self) -> Money:
        return Money(SUM, self.host.currency)

    @property
    def reference(self) -> str:
        """In the processor's metadata: nobody else's on the same test account."""
        return str(self.probe.key)

    def moved(self, movement: str | None) -> None:
        """Keep at once what was left on the balance, for a comparison that may run meanwhile."""
        if movement:
            self.probe.movements = [*self.probe.movements, movement]
            self.probe.save(update_fields=["movements"])

    def key(self, step: str) -> str:
        return f"{self.probe.key}-{step}"


def read_balance(flow: Flow) -> str:
    held = gateway.read_balance()
    return _("It holds {sums}.").format(sums=", ".join(str(balance.total) for balance in held)) if held else _("It holds nothing yet.")


def make_customer(flow: Flow) -> str:
    label = {"kind": KIND, "reference": flow.reference}
    email = flow.probe.asked_by.email
    flow.customer = gateway.create_customer(name="Daybook probe", email=email, metadata=label, key=flow.key("customer"))
    return flow.customer


def open_page(flow: Flow) -> str:
    address = f"{settings.BASE_URL}{reverse('payments:processor')}"
    page = gateway.open_checkout(
        customer=flow.customer, amount=flow.sum, description="Daybook probe", kind=KIND, reference=flow.reference,
        success_url=address, cancel_url=address, key=flow.key("page"),
    )  # fmt: skip
    gateway.expire_checkout(page.id)
    return _("Opened, and closed again unpaid.")


def save_card(flow: Flow) -> str:
    flow.card = gateway.save_test_card(customer=flow.customer, method=GOOD_CARD, key=flow.key("card"))
    return flow.card


def charge_card(flow: Flow) -> str:
    flow.charge = _charge(flow, flow.card, "charge")
    return _("{sum} on {card}: {status}.").format(sum=flow.charge.amount, card=flow.charge.card_label, status=flow.charge.status)


def read_fee(flow: Flow) -> str:
    charge = _charged(flow)
    for _look in range(FEE_LOOKS):
        charge = gateway.read_charge(charge.id)
        if charge.fee is not None and charge.balance_transaction:
            flow.moved(charge.balance_transaction)
            return _("{part} of {sum}.").format(part=charge.fee, sum=charge.amount)
        time.sleep(FEE_WAIT)
    raise gateway.Rejected(_("The charge has no fee yet. Daybook books a payment once its fee is known; run this again in a minute."))


def be_declined(flow: Flow) -> str:
    card = gateway.save_test_card(customer=flow.customer, method=FAILING_CARD, key=flow.key("failing-card"))
    try:
        _charge(flow, card, "declined")
    except gateway.Declined as declined:
        return f"{declined.message} ({declined.decline_code or declined.code})"
    raise gateway.Rejected(_("A card that should be declined was charged."))


def refund_charge(flow: Flow) -> str:
    back = gateway.refund(
        charge=_charged(flow).id, amount=flow.sum, kind=KIND, reference=flow.reference,
        reason="requested_by_customer", key=flow.key("refund"),
    )  # fmt: skip
    flow.moved(back.balance_transaction)
    return f"{back.amount}: {back.status}."


def make_payee(flow: Flow) -> str:
    address = f"{settings.BASE_URL}{reverse('payments:processor')}"
    account = gateway.create_account(
        name="Daybook probe", email=flow.probe.asked_by.email, country=flow.host.party.country, currency=flow.host.currency,
        metadata={"kind": KIND, "reference": flow.reference}, key=flow.key("account"),
    )  # fmt: skip
    gateway.onboarding_link(account=account.id, refresh_url=address, return_url=address)
    return _("{account}, with its form.").format(account=account.id)


def _charge(flow: Flow, card: str, step: str) -> gateway.Charge:
    return gateway.charge_off_session(
        customer=flow.customer, payment_method=card, amount=flow.sum, description="Daybook probe",
        kind=KIND, reference=flow.reference, key=flow.key(step),
    )  # fmt: skip


def _charged(flow: Flow) -> gateway.Charge:
    if flow.charge is None:
        raise AssertionError("the steps run in their order, and the first that fails is the last")
    return flow.charge


STEPS: dict[Probe.Step, Callable[[Flow], str]] = {
    Probe.Step.BALANCE: read_balance,
    Probe.Step.CUSTOMER: make_customer,
    Probe.Step.PAGE: open_page,
    Probe.Step.CARD: save_card,
    Probe.Step.CHARGE: charge_card,
    Probe.Step.FEE: read_fee,
    Probe.Step.DECLINED: be_declined,
    Probe.Step.REFUND: refund_charge,
    Probe.Step.PAYEE: make_payee,
}
