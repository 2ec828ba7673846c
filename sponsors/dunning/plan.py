"""The table of steps as a frozen value, with its arithmetic. No database, no clock, no network.

Day 0 is the day on which a renewal was first refused: the sponsor is told at once, always. The steps follow, then the end.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.errors import Invalid

TRY = "try"
NO_MAIL, REMINDER, LAST = "", "reminder", "last"
MAILS = {NO_MAIL: gettext_lazy("No mail"), REMINDER: gettext_lazy("A reminder"), LAST: gettext_lazy("The last mail, with the date")}
MOST_STEPS = 8
LONGEST = 120
"""Days after which nobody remembers what they agreed to."""

GONE = frozenset({"no_card", "resource_missing", "payment_method_unexpected_state", "payment_method_customer_mismatch"})
"""There is no card to try, whatever the table says."""
NEVER_RETRIED = frozenset(
    {
        "authentication_required",
        "fraudulent",
        "invalid_account",
        "lost_card",
        "merchant_blacklist",
        "payment_method_provider_decline",
        "pickup_card",
        "restricted_card",
        "revocation_of_all_authorizations",
        "revocation_of_authorization",
        "security_violation",
        "stolen_card",
        "stop_payment_order",
        "transaction_not_allowed",
    }
)
"""As delivered: the bank will not change its mind, or wants the owner. Codes are the processor's (docs.stripe.com/declines/codes)."""


@dataclass(frozen=True, slots=True)
class Step:
    """`day` counts from the first refusal. `mail` is one of MAILS, sent when the card was refused again or was not tried."""

    day: int
    retry: bool
    mail: str = NO_MAIL


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in order of days; perks last `grace_days` beyond what is paid; on day `lapse_after` the sponsorship lapses."""

    steps: tuple[Step, ...]
    grace_days: int
    lapse_after: int
    never_retried: frozenset[str] = NEVER_RETRIED

    @property
    def ref(self) -> str:
        """What the audit log calls it: there is one table."""
        return "dunning"

    def check(self) -> None:
        """Raise Invalid, naming the field, for a table that could not be kept or would surprise a sponsor."""
        days = [step.day for step in self.steps]
        if len(days) > MOST_STEPS:
            raise Invalid(_("Write at most {n} steps.").format(n=MOST_STEPS), field="steps")
        if any(earlier >= later for earlier, later in itertools.pairwise(days)) or (days and days[0] < 1):
            raise Invalid(_("Number the days from 1, each later than the one before it."), field="steps")
        if any(step.mail not in MAILS for step in self.steps):
            raise Invalid(_("Choose a mail from the list."), field="steps")
        if not any(step.mail == LAST for step in self.steps) or any(step.mail == LAST for step in self.steps[:-1]):
            raise Invalid(_("The last step, and no other, sends the last mail: nobody lapses without the date."), field="steps")
        if not days[-1] < self.lapse_after <= LONGEST:
            raise Invalid(
                _("A sponsorship lapses after the last step and at most {n} days after the refusal.").format(n=LONGEST),
                field="lapse_after",
            )
        if not 0 <= self.grace_days <= self.lapse_after:
            raise Invalid(_("Perks cannot outlast the sponsorship."), field="grace_days")

    def day_of(self, taken: int) -> int:
        """The day of the step after `taken` of them, or of the end."""
        return self.steps[taken].day if taken < len(self.steps) else self.lapse_after

    def next_on(self, *, taken: int, last_on: dt.date) -> dt.date:
        """When the step after `taken` is due, if the one before it was done on `last_on`.

        Counted from what was done and not from the table's start, so that days on which nothing ran move the rest: no
        card is tried twice at once, and nobody lapses sooner after the last mail than the table says.
        """
        before = self.steps[taken - 1].day if taken else 0
        return last_on + dt.timedelta(days=self.day_of(taken) - before)

    def lapse_on(self, *, taken: int, next_on: dt.date) -> dt.date:
        """When it lapses if nothing happens: the next step is due on `next_on` and the rest keeps its distances."""
        return next_on + dt.timedelta(days=self.lapse_after - self.day_of(taken))

    def retry_on(self, *, taken: int, next_on: dt.date) -> dt.date | None:
        """When the card is tried next, or None when no step is left that tries it."""
        ahead = next((step.day for step in self.steps[taken:] if step.retry), None)
        return None if ahead is None else next_on + dt.timedelta(days=ahead - self.day_of(taken))

    def may_retry(self, code: str) -> bool:
        """Whether a card that was refused with this code is tried again without its owner."""
        return code not in self.never_retried and code not in GONE

    def as_json(self) -> dict[str, Any]:
        return {
            "steps": [{"day": step.day, "retry": step.retry, "mail": step.mail} for step in self.steps],
            "grace_days": self.grace_days,
            "lapse_after": self.lapse_after,
            "never_retried": sorted(self.never_retried),
        }


def from_json(data: dict[str, Any]) -> Plan:
    return Plan(
        steps=tuple(Step(row["day"], row["retry"], row["mail"]) for row in data["steps"]),
        grace_days=data["grace_days"],
        lapse_after=data["lapse_after"],
        never_retried=frozenset(data["never_retried"]),
    )


def codes(text: str) -> frozenset[str]:
    """One code a line, or with commas. Raises Invalid for what cannot be a code."""
    found = frozenset(text.replace(",", "\n").lower().split())
    wrong = sorted(code for code in found if not (code.replace("_", "").isalnum() and code.isascii() and len(code) <= 60))
    if wrong:
        raise Invalid(_("“{code}” is not a decline code: letters, digits and _ only.").format(code=wrong[0][:60]), field="never_retried")
    return found


def lines(never_retried: Iterable[str]) -> str:
    return "\n".join(sorted(never_retried))


def step_lines(steps: Iterable[Step]) -> str:
    """`7 try reminder`: each step as a treasurer reads and writes it."""
    return "\n".join(" ".join(filter(None, [str(step.day), TRY if step.retry else "", step.mail])) for step in steps)


def read_steps(text: str) -> tuple[Step, ...]:
    """The steps of `step_lines`. Raises Invalid that quotes the line which cannot be read."""
    return tuple(_step(line) for line in text.splitlines() if line.strip())


def _step(line: str) -> Step:
    day, *words = line.lower().split()
    mails = [word for word in words if word in MAILS]
    retry = words.count(TRY)
    if not (day.isascii() and day.isdigit() and len(day) < 4) or len(mails) > 1 or retry > 1 or len(words) != len(mails) + retry:
        raise Invalid(_("“{line}” is not a step. Write such as “7 try reminder”.").format(line=line.strip()[:60]), field="steps")
    return Step(int(day), retry=bool(retry), mail=mails[0] if mails else NO_MAIL)


DELIVERED = Plan(
    steps=(Step(3, retry=True), Step(7, retry=True, mail=REMINDER), Step(14, retry=True, mail=LAST)),
    grace_days=14,
    lapse_after=21,
)
"""In force until a treasurer writes another one."""
