"""The host's bank account: where grantors and companies pay to. A changed one is how money is stolen, so it is kept and announced."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from stdnum import bic as bics
from stdnum import iban as ibans
from stdnum.exceptions import ValidationError

from funding import clock
from funding.audit.services import audited
from funding.errors import Invalid
from funding.mail import services as mail
from funding.payments.models import BankAccount
from funding.people import roles
from funding.people.models import Host, User
from funding.people.policies import KEEPERS, require_keeper

LONGEST = 34
"""Characters of an account number, with or without a country. Source: ISO 13616."""


def account() -> BankAccount | None:
    """The one that holds now, or None before the first."""
    return BankAccount.objects.select_related("named_by").first()


@audited("payments.name_bank_account", subject="host")
def name_account(*, actor: User, host: Host, holder: str, number: str, bic: str, bank: str) -> BankAccount:
    """Name the account from now on. Every administrator and treasurer is mailed.

    Raises Refused for anybody else, Invalid (field `number` for an IBAN whose check digits are wrong, `bic`).
    """
    require_keeper(actor)
    made = BankAccount.objects.create(
        holder=holder.strip(), number=clean_number(number), bic=clean_bic(bic), bank=bank.strip(), named_by=actor, named_at=clock.now()
    )
    for keeper in keepers():
        mail.queue(
            kind="bank_account_named",
            to=keeper.email,
            key=f"bank-account:{made.pk}:{keeper.pk}",
            context={"user": keeper, "account": made, "url": mail.absolute(reverse("payments:processor"))},
        )
    return made


def keepers() -> list[User]:
    """Whoever is told: administrators and treasurers, each once."""
    return list({user.pk: user for role in sorted(KEEPERS) for user in roles.holders(role)}.values())


def clean_number(number: str) -> str:
    """Without spaces; two letters at the front mean an IBAN. Raises Invalid(field="number"). Source: ISO 13616."""
    compact = "".join(number.split()).upper()
    if compact[:2].isalpha():
        try:
            return str(ibans.validate(compact))
        except ValidationError:
            raise Invalid(_("This IBAN is not right: a digit is wrong, or some are missing."), field="number") from None
    if len(compact) > LONGEST or not compact.isascii() or not any(character.isdigit() for character in compact):
        raise Invalid(_("Enter an IBAN, or the account number as the bank writes it."), field="number")
    return compact


def clean_bic(bic: str) -> str:
    """Eight or eleven characters, or empty. Raises Invalid(field="bic"). Source: ISO 9362."""
    if not bic.strip():
        return ""
    try:
        return str(bics.validate(bic))
    except ValidationError:
        raise Invalid(_("A BIC has eight or eleven letters and digits, such as DNBANOKK."), field="bic") from None
