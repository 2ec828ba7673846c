"""Every page of the site, drawn once for somebody who may see it, and kept as it was sent.

Which addresses there are the URLconf says; who sees which, `matrix.txt` and `forms.py` say. Written down here is only what
those do not know: the steps before a page of signing in, forms that come back with their errors, and the pages that explain one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse

from funding import clock
from funding.errors import Conflict, Invalid, Refused, Throttled, Unavailable
from funding.funds.models import Voucher
from funding.funds.views.vouchers import PAPERS
from funding.ledger import services as ledger
from funding.ledger.models import Entry
from funding.ledger.sealing import closing
from funding.money import Money
from funding.people.models import User
from funding.site.reports import verifying
from funding.site.reports.models import Verification
from funding.web import views
from grants.payouts import executing, withholding
from grants.payouts import services as payouts
from tests.funding import builders
from tests.grants import builders as committee
from tests.site import matrix
from tests.site.addresses import addresses
from tests.site.forms import ROWS, today_opens
from tests.site.world import World
from tests.sponsors import builders as sponsors

NO_PAGE = {
    "payments:webhook": "takes the processor's events and shows nothing",
    "payouts:account_return": "leads on to where the payee came from",
    "payouts:account_again": "leads on to the processor's page",
    "awards:report-csv": "a file",
    "reports:month-csv": "a file",
    "pages:check-books": "a file",
    "pages:export-csv": "a file",
    "pages:export-beancount": "a file",
    "pages:export-json": "a file",
    "pages:fund-csv": "a file",
    "pages:day-text": "a file",
    "billing:proof": "a file",
    "pages:project-month": "a part of the project's page, for its script",
    "pages:icon": "a picture",
    "pages:livez": "a word for a machine",
    "pages:readyz": "a word for a machine",
    "mfa_download_recovery_codes": "a file",
    "mfa_login_webauthn": "what a passkey is asked, for its script",
    "mfa_reauthenticate_webauthn": "asks a real passkey, which only `tests/browser/test_signin.py` has",
}
"""Addresses that answer a GET with no page, and what they are."""
SAMPLES = {"api:root", "api:docs", "api:project-list", "api:project-detail"}
"""Of the API, which one template draws for whoever comes with a browser."""
PASSWORD = "a long demo password"
BROWSER = {"Accept": "text/html"}


def _nothing(world: World, client: Client) -> None:
    """Most pages stand as the world is."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks at what. `before` is done first and undone after; with `sends` the page is what comes back for it."""

    key: str
    who: str
    address: Callable[[World], str]
    before: Callable[[World, Client], object] = _nothing
    sends: Callable[[World], dict[str, Any]] | None = None
    expects: int = 200

    @property
    def name(self) -> str:
        """Of the address, as the URLconf has it."""
        return self.key.partition("@")[0]

    @property
    def room(self) -> str:
        """Its part of the site: pages of one part are looked at together."""
        return self.name.replace("_", ":").partition(":")[0]


@dataclass(frozen=True, slots=True)
class Screen:
    """A page as it was sent: what Chromium is given."""

    key: str
    address: str
    html: bytes
    headers: dict[str, str] = field(default_factory=dict)
    queries: int = 0


RICH = {
    "people:desk": "lead",
    "timesheets:week": "worker",
    "timesheets:engagements": "worker",
    "timesheets:approvals": "lead",
    "proposals:mine": "worker",
    "payouts:index": "treasurer",
    "payouts:account": "worker",
    "committee:queue": "member 0",
    "committee:committee": "member 0",
    "rates:index": "treasurer",
    "goals:mine": "sponsor",
    "billing:giving": "sponsor",
}
"""Pages that everybody has and only some have something on. A stranger is shown them empty."""


def visits() -> list[Visit]:
    """Every page, each key once."""
    return [*_ours(), *OWN, *SIGNING_IN, *_returned()]


def rooms() -> list[str]:
    return list(dict.fromkeys(visit.room for visit in visits()))


def unseen() -> set[str]:
    """The addresses that should have a page here and have none."""
    there = {name for name, text, _ in addresses(get_resolver().url_patterns) if not text.startswith(("admin/", "components/", "demo/"))}
    there = {name for name in there if name in SAMPLES or not name.startswith("api:")}
    return there - NO_PAGE.keys() - {visit.name for visit in visits()}


def draw(world: World, visit: Visit, after: Callable[[], object] = lambda: None) -> Screen:
    """The page, with how many queries it took. What it needed first is undone, when `after` has looked at it."""
    with transaction.atomic():
        client = Client() if visit.who == "newcomer" else world.browser(visit.who)
        visit.before(world, client)
        where, sent = visit.address(world), visit.sends
        with CaptureQueriesContext(connection) as queries:
            response = client.get(where, headers=BROWSER) if sent is None else client.post(where, sent(world), headers=BROWSER)
        after()
        transaction.set_rollback(True)
    assert response.status_code == visit.expects, f"{visit.key}: {visit.who} is answered {response.status_code}"
    assert response["Content-Type"].startswith("text/html"), visit.key
    return Screen(visit.key, where, response.content, dict(response.headers), len(queries))


def _ours() -> Iterator[Visit]:
    written = {visit.key for visit in OWN}
    for line in matrix.lines():
        if line.name in NO_PAGE or line.key in written or (line.name.startswith("api:") and line.key not in SAMPLES):
            continue
        row = ROWS.get(line.name) if "@" not in line.key else None
        before = row.before if row else None
        who = RICH.get(line.key) or (row.who if row else _first(line))
        if who:
            yield Visit(line.key, who, line.address, before=(lambda w, _, first=before: first(w)) if before else _nothing)
        if line.key in RICH:
            yield Visit(f"{line.name}@empty", "stranger", line.address)


def _first(line: matrix.Line) -> str:
    """The first who may see it; an administrator last, who sees of a panel only that it exists."""
    return next((matrix.PEOPLE[column] for column, answer in line.answers.items() if answer == "ok"), "")


def _returned() -> Iterator[Visit]:
    """Forms that were sent empty and come back, each saying what is missing."""
    for name in RETURNED:
        row = ROWS[name]
        before = row.before
        yield Visit(
            f"{name}@returned", row.who, lambda w, name=name, row=row: reverse(name, args=row.args(w)) + row.query,
            before=(lambda w, _, first=before: first(w)) if before else _nothing, sends=lambda w: {"then": "submit"}, expects=422,
        )  # fmt: skip


RETURNED = ["people:role-give", "funds:move-ask", "tiers:new", "goals:new", "goals:pledge", "billing:join", "refunds:ask", "awards:new",
            "proposals:start", "committee:declare", "timesheets:week", "timesheets:approve",
            "payouts:prepare"]  # fmt: skip


def _to(name: str, *args: Any) -> Callable[[World], str]:
    return lambda world: reverse(name, args=args)


def _of(name: str, *args: Callable[[World], Any]) -> Callable[[World], str]:
    return lambda world: reverse(name, args=[arg(world) for arg in args])


def _stranger(world: World) -> User:
    return world.people["stranger"]


def _key(world: World) -> int:
    return Authenticator.objects.get(user=_stranger(world), type=Authenticator.Type.WEBAUTHN).pk


def _with_password(world: World) -> User:
    person = _stranger(world)
    person.set_password(PASSWORD)
    person.save()
    return person


def _signed_in(world: World, client: Client) -> None:
    """By a password, with a second factor shown just now."""
    person = _with_password(world)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    builders.show_factor(client, person)


def _by_code(world: World, client: Client) -> None:
    """With an app as the only second factor: a passkey of the tests can sign nothing."""
    Authenticator.objects.filter(user=_stranger(world)).delete()
    TOTP.activate(_stranger(world), generate_totp_secret())
    _signed_in(world, client)


def _by_password(world: World, client: Client) -> None:
    """With no second factor at all."""
    person = _with_password(world)
    Authenticator.objects.filter(user=person).delete()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")


def _half_in(world: World, client: Client) -> None:
    """Past the password, before the second factor."""
    person = _with_password(world)
    _by_code(world, Client())
    EmailAddress.objects.get_or_create(user=person, email=person.email, defaults={"verified": True, "primary": True})
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})


def _reset_link(world: World, key: str = "set-password") -> str:
    """The page to which a link with the real key leads, once it was followed."""
    return reverse("account_reset_password_from_key", args=[user_pk_to_url_str(_stranger(world)), key])


def _follow(world: World, client: Client) -> None:
    client.get(_reset_link(world, default_token_generator.make_token(_stranger(world))))


SIGNING_IN = [
    Visit("account_login", "nobody", _to("account_login")),
    Visit("account_login@returned", "newcomer", _to("account_login"), sends=lambda w: {"login": "a@example.org", "password": "x"}),
    Visit("account_signup", "nobody", _to("account_signup")),
    Visit("account_signup@returned", "newcomer", _to("account_signup"), sends=lambda w: {}),
    Visit("account_email_verification_sent", "newcomer", _to("account_email_verification_sent"), before=lambda w, client: client.post(
        reverse("account_signup"), {"email": "new@example.org", "password1": PASSWORD, "name": "Nils New"})),
    Visit("account_request_login_code", "nobody", _to("account_request_login_code")),
    Visit("account_confirm_login_code", "newcomer", _to("account_confirm_login_code"), before=lambda w, client: client.post(
        reverse("account_request_login_code"), {"email": _stranger(w).email})),
    Visit("account_inactive", "nobody", _to("account_inactive")),
    Visit("account_reset_password", "nobody", _to("account_reset_password")),
    Visit("account_reset_password_done", "nobody", _to("account_reset_password_done")),
    Visit("account_reset_password_from_key", "newcomer", _reset_link, before=_follow),
    Visit("account_reset_password_from_key_done", "nobody", _to("account_reset_password_from_key_done")),
    Visit("account_logout", "stranger", _to("account_logout")),
    Visit("account_email", "stranger", _to("account_email")),
    Visit("account_set_password", "stranger", _to("account_set_password")),
    Visit("account_change_password", "newcomer", _to("account_change_password"), before=_signed_in),
    Visit("account_reauthenticate", "newcomer", _to("account_reauthenticate"), before=_by_password),
    Visit("mfa_index", "stranger", _to("mfa_index")),
    Visit("mfa_authenticate", "newcomer", _to("mfa_authenticate"), before=_half_in),
    Visit("mfa_reauthenticate", "newcomer", _to("mfa_reauthenticate"), before=_by_code),
    Visit("mfa_activate_totp", "stranger", _to("mfa_activate_totp")),
    Visit("mfa_deactivate_totp", "stranger", _to("mfa_deactivate_totp"),
          before=lambda w, client: TOTP.activate(_stranger(w), generate_totp_secret())),
    Visit("mfa_view_recovery_codes", "stranger", _to("mfa_view_recovery_codes"),
          before=lambda w, client: RecoveryCodes.activate(_stranger(w))),
    Visit("mfa_generate_recovery_codes", "stranger", _to("mfa_generate_recovery_codes")),
    Visit("mfa_list_webauthn", "stranger", _to("mfa_list_webauthn")),
    Visit("mfa_add_webauthn", "newcomer", _to("mfa_add_webauthn"), before=_by_code),
    Visit("mfa_edit_webauthn", "stranger", _of("mfa_edit_webauthn", _key)),
    Visit("mfa_remove_webauthn", "stranger", _of("mfa_remove_webauthn", _key)),
]  # fmt: skip


def _writing(panel: str) -> Callable[[World], str]:
    return lambda world: reverse("committee:review", args=[getattr(world, panel).proposal.ref])


def _sealed(world: World, client: Client) -> None:
    """The days of the books are over, and their hashes are made."""
    with clock.at(clock.now() + dt.timedelta(days=2)):
        ledger.advance_book_day(clock.today())
        list(closing.seal_days())


def _broken(world: World, client: Client) -> None:
    """The latest run found more than it keeps, of a rule that everybody reads about and of one for the desk."""
    kept, _results = verifying.verify()
    found = [{**result, "problems": ["cash:stripe:USD is off by 5."] * 50, "count": 60} if result["code"] in {"I1", "I10"} else result
             for result in kept.results]  # fmt: skip
    row = {field.attname: getattr(kept, field.attname) for field in Verification._meta.fields if not field.primary_key}
    Verification.objects.create(**row | {"holds": False, "results": found})


def _withheld(world: World) -> None:
    """A part of the payout is tax."""
    withholding.withhold(actor=world.people["treasurer"], payout=world.payout, amount=Money(1_000, "USD"), reason="Section 50a, 15 %.")


def _paid(world: World) -> None:
    """With tax withheld; the processor is not asked."""
    _withheld(world)
    payouts.release(actor=world.people["second treasurer"], run=world.run, control_total=world.run.control_total, withheld=1_000)
    executing.owe(payout_id=world.payout.pk)


def _rubric(world: World, client: Client) -> None:
    """The call of the world is judged without one."""
    committee.criteria(world.call)


OWN = [
    Visit("committee:review@sealed", "member 1", _writing("sealed"), before=_rubric),
    Visit("committee:review@writing", "member 2", _writing("sealed"), before=_rubric),
    Visit("committee:review@lacking", "member 2", _writing("sealed"), before=_rubric, sends=lambda w: {"then": "submit"}, expects=422),
    Visit("committee:panel@sealed", "member 2", lambda w: reverse("committee:panel", args=[w.sealed.proposal.ref]), before=_rubric),
    Visit("billing:receipt", "sponsor", _of("billing:receipt", lambda w: w.giving.sponsorship.ref, lambda w: w.giving.payment.ref),
          before=lambda w, client: sponsors.booked(w.giving)),
    Visit("pages:payment-trail", "nobody", _of("pages:payment-trail", lambda w: w.paid.payment.ref)),
    Visit("pages:day@sealed", "nobody", _of("pages:day", lambda w: w.a_book_day()), before=_sealed),
    Visit("pages:verify@holds", "nobody", _to("pages:verify"), before=lambda w, client: verifying.verify("I1", "I2")),
    Visit("pages:verify@broken", "treasurer", _to("pages:verify"), before=_broken),
    Visit("pages:entry@payout", "treasurer", _of("pages:entry", lambda w: Entry.objects.filter(kind="payout_sent").latest("number").pk),
          before=lambda w, client: _paid(w)),
    Visit("payouts:run@withheld", "treasurer", _of("payouts:run", lambda w: w.run.number), before=lambda w, client: _withheld(w)),
    Visit("payouts:payout@withheld", "worker", _of("payouts:payout", lambda w: w.payout.ref), before=lambda w, client: _paid(w)),
    *(Visit(f"funds:voucher-new@{kind}", "treasurer", _to("funds:voucher-new", kind)) for kind in PAPERS if kind != Voucher.Kind.BANK_FEE),
    Visit("pages:fund@past", "nobody", lambda w: f"/books/funds/{w.project.slug}/?at={clock.today()}"),
    Visit("pages:fund@wrong", "nobody", lambda w: f"/books/funds/{w.project.slug}/?at=2101-01-01&since=soon", expects=422),
    Visit("reports:period@unfinished", "treasurer", _to("reports:period"), before=lambda w, _: today_opens(w)),
    Visit("reports:period@wrong", "auditor", lambda w: "/desk/periods/?through=2101-01-01", expects=422),
    Visit("billing:join@signed-in", "stranger", _of("billing:join", lambda w: w.project.slug, lambda w: w.tier.pk)),
    Visit("pages:projects@missing", "nobody", lambda w: "/projects/nothing/", expects=404),
    Visit("funds:desk@refused", "stranger", _to("funds:desk"), expects=403),
]  # fmt: skip
"""Pages of which the row in the matrix says what few see, and one that is not there, one that is refused."""

ERRORS: dict[str, dict[str, Any]] = {
    "400.html": {}, "403_csrf.html": {}, "500.html": {}, "away.html": {}, "failed.html": {},
    "refused.html": {"error": Refused("Nobody approves their own days.", rule="self")},
    "conflict.html": {"error": Conflict("The run was released a minute ago.")},
    "throttled.html": {"error": Throttled(seconds=60)},
    "invalid.html": {"error": Invalid("The day has not come yet.")},
    "unavailable.html": {"error": Unavailable("The processor did not answer.")},
}  # fmt: skip
"""Pages that come instead of another, with what they are told."""


def errors(world: World) -> Iterator[Screen]:
    for template, context in ERRORS.items():
        request = RequestFactory().get("/desk/")
        request.user = _stranger(world)
        yield Screen(template, "/desk/", views.error_page(request, template, 500, **context).content)
