"""What makes an empty installation usable, as a list that reads what is there. Nothing is ticked by hand. docs/first-run.md."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from funding import days
from funding.funds.models import Project
from funding.mail import probe as mail_probe
from funding.payments import bank, probe
from funding.people import factors, roles
from funding.people.models import Host, User
from funding.people.roles import Role
from funding.web import ahead
from sponsors.invoices.models import Payment

IN_LOG = {"django.core.mail.backends.console.EmailBackend", "django.core.mail.backends.dummy.EmailBackend"}
"""Mail servers that are none: nobody receives what they take."""


@dataclass(frozen=True, slots=True)
class Step:
    """`said` is what is there, or what is missing. `url` is where it is done, once it `waits` for no other task."""

    title: str
    why: str
    done: bool
    said: str
    url: str
    waits: bool = False


def steps(user: User) -> list[Step]:
    """The tasks in the order in which they are done, as this administrator finds them."""
    host = Host.get()
    others = [_payments(), _mail(), _bank(), _project()]
    if host is None:
        first = _("Waits until the host has its name.")
        others = [step if step.done else replace(step, said=first, waits=True) for step in others]
    return [_account(user), _host(host), *others, _signers()]


def shows(request: HttpRequest) -> bool:
    return roles.may_manage_people(request.user)


def count_open(request: HttpRequest) -> int:
    return sum(not step.done for step in steps(request.user)) if isinstance(request.user, User) else 0


def takes_home() -> bool:
    """Whether the home page has nothing to show yet, so that the tasks stand there for whoever installs."""
    return not ahead.rows(first_project())


def first_project() -> QuerySet[Project, int]:
    """What `takes_home` asks, for a page that looks ahead."""
    return Project.objects.exclude(state=Project.State.DRAFT).order_by("pk").values_list("pk", flat=True)[:1]


def _account(user: User) -> Step:
    done = settings.DEMO or factors.has(user)
    said = _("The demo asks nobody for it.") if settings.DEMO else _("Set up.") if done else _("Your account has a password only.")
    why = _("You are about to hold the keys: an authenticator app or a passkey is asked for before every act.")
    return Step(_("Protect your account"), why, done, said, reverse("mfa_index"))


def _host(host: Host | None) -> Step:
    said = f"{host.name}, {host.currency}." if host else _("Not named yet. The currency cannot be changed later.")
    return Step(
        _("Name the host and its currency"),
        _("The organisation that holds the money, in which currency its books are kept, and what share it takes."),
        host is not None, said, reverse("people:host"),
    )  # fmt: skip


def _payments() -> Step:
    last, live = probe.last(), probe.live()
    booked = Payment.objects.filter(state=Payment.State.BOOKED).order_by("-pk").first() if last is None else None
    if not settings.STRIPE_SECRET_KEY:
        said = _("No keys are set. Start Daybook with STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET; test keys first.")
    elif last is not None and last.passed:
        said = _("{ref}: every step works, and the news of it arrived.").format(ref=last.ref)
    elif booked is not None:
        said = _("Payments arrive: {ref} was booked.").format(ref=booked.ref)
    elif live:
        said = _("Live keys are set. The flow was never replayed on test keys.")
    elif last is None:
        said = _("Test keys are set. The flow was not replayed yet.")
    elif last.answered:
        said = _("{ref}: every call works. The news of it has not arrived.").format(ref=last.ref)
    else:
        failed = (f"{step['name']}: {step['said']}" for step in last.told if not step["ok"])
        said = next(failed, _("{ref} did not finish.").format(ref=last.ref))
    why = _("Sign-up, renewal, refusal, refund and a payee's account, played once at the processor in test mode.")
    done = last.passed if last is not None else booked is not None and bool(settings.STRIPE_SECRET_KEY)
    return Step(_("Connect payments"), why, done, said, reverse("payments:processor"))


def _mail() -> Step:
    passed, last = mail_probe.passed(), mail_probe.last()
    if passed is not None:
        said = _("A mail to {address} arrived.").format(address=passed.message.to)
    elif settings.EMAIL_BACKEND in IN_LOG and settings.DEMO:
        said = _("The demo sends no mail. All of them can be read under Mail, at the foot of the page.")
    elif settings.EMAIL_BACKEND in IN_LOG:
        said = _("EMAIL_URL is not set, so mails are written into the log.")
    elif last is not None and last.message.error:
        said = _("The mail server: {error}").format(error=last.message.error)
    else:
        said = _("A mail is on its way.") if last is not None else _("Not tried yet.")
    why = _("Receipts, stop links, sign-in codes and what waits for you are mails. A code in one shows that they arrive.")
    return Step(_("Try the mail"), why, passed is not None, said, reverse("setup:mail"))


def _bank() -> Step:
    account = bank.account()
    said = _("{bank}, account ending {number}.").format(bank=account.bank, number=account.number[-4:]) if account else _("Not named yet.")
    why = _("Grantors and companies pay to it.")
    return Step(_("Name the bank account"), why, account is not None, said, reverse("payments:bank"))


def _project() -> Step:
    found = Project.objects.exclude(state=Project.State.DRAFT).order_by("pk").first()
    draft = None if found else Project.objects.order_by("pk").first()
    if found:
        said = _("{project}: {days} days a month.").format(project=found.name, days=days.words(found.target_half_days))
    else:
        said = _("{project} is a draft.").format(project=draft.name) if draft else _("None yet.")
    return Step(
        _("Open the first project"),
        _("What is funded, its target in days a month, and what a day costs."),
        found is not None, said, 
        reverse("funds:project-open", args=[draft.slug]) if draft else reverse("funds:project-new"),
    )  # fmt: skip


def _signers() -> Step:
    treasurers = list(roles.holders(Role.TREASURER))
    signers = {user.pk for user in [*treasurers, *roles.holders(Role.COSIGNER)]}
    if not treasurers:
        said = _("There is no treasurer yet. You may be the first.")
    elif len(signers) == 1:
        said = _("{name} is the only signer, so no payout can be released.").format(name=treasurers[0].name)
    else:
        said = ngettext("{count} person can sign.", "{count} people can sign.", len(signers)).format(count=len(signers))
    why = _("One prepares a payout, another releases it: a second treasurer, or somebody outside who co-signs.")
    return Step(_("Name a second person"), why, len(signers) > 1 and bool(treasurers), said, reverse("people:role-give"))
