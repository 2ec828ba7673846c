"""What money is for. A fund owns one ledger account; everything it has or had is read from there."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from funding import days
from funding.ledger.models import Account, Entry, Reservation, Transfer
from funding.money import Money
from funding.people.models import Party, User
from funding.states import lifecycle


class Project(models.Model):
    """What is funded. Its target is days a month at a reference day rate; 40 half days are one person's full time."""

    class State(models.TextChoices):
        DRAFT = "draft", gettext_lazy("Draft")
        OPEN = "open", gettext_lazy("Open")
        PAUSED = "paused", gettext_lazy("Paused")

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    summary = models.CharField(max_length=200)
    headline = models.CharField(max_length=120, blank=True)
    story = models.TextField(blank=True)
    homepage = models.URLField(blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    target_half_days = models.PositiveSmallIntegerField(default=40)
    rate_amount = models.BigIntegerField()
    rate_currency = models.CharField(max_length=3)
    version = models.PositiveIntegerField(default=1, help_text="Counts edits, so that a form opened before the last one is noticed.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rate_amount__gt=0), name="project_rate_above_zero"),
            models.CheckConstraint(condition=Q(target_half_days__gt=0, target_half_days__lte=800), name="project_target_in_range"),
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        """The text by which roles and bars name this project."""
        return f"project:{self.slug}"

    @property
    def rate(self) -> Money:
        return Money(self.rate_amount, self.rate_currency)


class Fund(models.Model):
    """A pot with a purpose and one currency. General money may go to anything; restricted money only to its purpose.

    The reserve is the host's, one for each currency: it stands behind refunds and disputes and pays for no work.
    `project` is the one project that a fund belongs to; `projects` are those that it may pay for (none named: any). Work has
    to be done from `starts_on` to `ends_on` and paid by `closeout_on`. `restrictions.require` holds all of them.
    """

    class Kind(models.TextChoices):
        GENERAL = "general", gettext_lazy("General")
        RESTRICTED = "restricted", gettext_lazy("Restricted")
        RESERVE = "reserve", gettext_lazy("Reserve")

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind)
    purpose = models.CharField(max_length=300)
    project = models.ForeignKey(Project, null=True, on_delete=models.PROTECT, related_name="funds")
    currency = models.CharField(max_length=3)
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="+")
    projects = models.ManyToManyField(Project, related_name="+")
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    closeout_on = models.DateField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="What it was opened for came to nothing.")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="fund_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(closeout_on=None) | Q(closeout_on__gte=F("ends_on")), name="fund_closes_after_it_ends"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BudgetLine(models.Model):
    """What a fund may spend at most on one thing. What of it is reserved, spent and left is read from the ledger (`restrictions`)."""

    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="lines")
    name = models.CharField(max_length=80)
    amount = models.BigIntegerField()
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["fund_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["fund", "position"], name="budget_line_position_once"),
            models.UniqueConstraint(fields=["fund", "name"], name="budget_line_name_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="budget_line_above_zero"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def money(self) -> Money:
        return Money(self.amount, self.fund.currency)


class LineReservation(models.Model):
    """Which line of its fund's budget a reservation is made on. Written once (funding/appendonly.py)."""

    reservation = models.OneToOneField(Reservation, on_delete=models.PROTECT, related_name="+")
    line = models.ForeignKey(BudgetLine, on_delete=models.PROTECT, related_name="reservations")

    def __str__(self) -> str:
        return f"{self.line}: {self.reservation}"


class Carried(models.Model):
    """Units [start, end) of an inflow that were spent and then given back to its sponsor with somebody else's money.

    What such units bought stays bought in the sponsor's name; but money of theirs that comes back later (a cancelled payout)
    is nobody's: it is "recovered by the fund". `by` is the line that carried them; `undone_by` the line by which the carriers
    got their money back (a dispute won, a refund that failed). What comes back between the two stays nobody's.
    """

    inflow = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="+")
    start = models.BigIntegerField()
    end = models.BigIntegerField()
    by = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="+")
    undone_by = models.ForeignKey(Transfer, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "carried"
        constraints = [
            models.CheckConstraint(condition=Q(start__gte=0, end__gt=models.F("start")), name="carried_in_order"),
            models.CheckConstraint(condition=Q(undone_by=None) | Q(undone_by__gt=models.F("by")), name="carried_undone_later"),
        ]

    def __str__(self) -> str:
        return f"{self.inflow_id} {self.start}-{self.end}"


class Need(models.Model):
    """A sum in days and money that is to be found before something starts.

    `about` says what, as text: "proposal:P-0007", "goal:<slug>". `half_days` is what was approved; 0 where money is there and
    no work yet, because how many days it buys is read from the fund. `fund` is named when money was found, and `line` where that
    fund has a budget. Nothing begins before the fund buys `at_least` so many half days: as many as it bought when somebody named it.
    """

    class State(models.TextChoices):
        WANTED = "wanted", gettext_lazy("Waiting for money")
        FUNDED = "funded", gettext_lazy("Waiting for work")
        MET = "met", gettext_lazy("Met")
        DROPPED = "dropped", gettext_lazy("Dropped")

    about = models.CharField(max_length=120, unique=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="needs")
    half_days = models.PositiveSmallIntegerField()
    rate_amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    fund = models.ForeignKey(Fund, null=True, on_delete=models.PROTECT, related_name="+")
    line = models.ForeignKey("BudgetLine", null=True, on_delete=models.PROTECT, related_name="+")
    at_least = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=7, choices=State)
    opened_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["opened_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(rate_amount__gt=0), name="need_rate_above_zero"),
            models.CheckConstraint(condition=~Q(state="wanted") | Q(half_days__gt=0), name="need_wanted_in_days"),
            models.CheckConstraint(condition=~Q(state__in=["funded", "met"]) | Q(fund__isnull=False), name="need_funded_names_its_fund"),
            models.CheckConstraint(
                condition=Q(state__in=["met", "dropped"], settled_at__isnull=False) | Q(state__in=["wanted", "funded"], settled_at=None),
                name="need_settled_at",
            ),
            models.CheckConstraint(condition=Q(line=None) | Q(fund__isnull=False), name="need_line_of_a_fund"),
            models.CheckConstraint(
                condition=Q(at_least__gte=1) & (Q(half_days=0) | Q(at_least__lte=models.F("half_days"))), name="need_at_least_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.about

    @property
    def kind(self) -> str:
        """What it is about: "proposal", "goal"."""
        return self.about.partition(":")[0]

    @property
    def rate(self) -> Money:
        return Money(self.rate_amount, self.currency)

    @property
    def price(self) -> Money:
        """What the wanted days cost."""
        return days.price(self.half_days, self.rate)


class FundMove(models.Model):
    """A sum that a treasurer asks to move from one fund to another; another person approves it."""

    class State(models.TextChoices):
        ASKED = "asked", gettext_lazy("Waiting for approval")
        DONE = "done", gettext_lazy("Done")
        WITHDRAWN = "withdrawn", gettext_lazy("Withdrawn")

    giver = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="+")
    taker = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=9, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=300, blank=True, help_text="Why it was not done.")
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    recalls = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+", help_text="The move that it calls back.")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="fund_move_above_zero"),
            models.CheckConstraint(condition=~Q(giver=models.F("taker")), name="fund_move_between_two"),
            models.CheckConstraint(
                condition=Q(state="done", entry__isnull=False) | ~Q(state="done") & Q(entry=None), name="fund_move_posted"
            ),
            models.CheckConstraint(
                condition=Q(state="asked") | Q(decided_by__isnull=False, decided_at__isnull=False), name="fund_move_decided"
            ),
            models.CheckConstraint(condition=~Q(state="done") | ~Q(decided_by=models.F("asked_by")), name="fund_move_two_people"),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        return f"FM-{self.pk:04d}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)


class Voucher(models.Model):
    """The paper behind an entry that no other part of the house makes: a bank's fee, a receipt that nobody knows, a conversion.

    What a bank did is booked by one treasurer (`FACTS`); what somebody decides is booked when a second person agrees. `key` makes the
    same paper the same voucher. `reason` and `bank_reference` are for the desk: the ledger has codes and sums only. `fund` is where the
    money comes from, `taker` where it goes; `of` the voucher that this one goes on from; `line` the ledger's row that it is about.
    A promise to match remembers up to which row it has looked at gifts, and at what went back.
    """

    class Kind(models.TextChoices):
        RECEIPT = "receipt", gettext_lazy("Receipt that nobody knows")
        MATCHED = "matched", gettext_lazy("Receipt whose payer was found")
        PAID_OFF = "paid_off", gettext_lazy("Held money paid out by the bank")
        BANK_FEE = "bank_fee", gettext_lazy("Bank fee")
        PROCESSOR_FEE = "processor_fees", gettext_lazy("Processor's fees of a month")
        TAX_PAID = "tax_paid", gettext_lazy("Tax paid to the authority")
        OPENING = "opening", gettext_lazy("Opening balance")
        CONVERSION = "conversion", gettext_lazy("Currency conversion")
        WRONG_FUND = "wrong_fund", gettext_lazy("Money booked to the wrong fund")
        RELEASE = "release", gettext_lazy("Restriction released")
        BRIDGE = "bridge", gettext_lazy("Advance on an award")
        BRIDGE_REPAID = "bridge_repaid", gettext_lazy("Advance on an award repaid")
        MATCHING = "matching", gettext_lazy("Promise to match gifts")
        MATCHING_ENDED = "matching_ended", gettext_lazy("End of a promise to match gifts")

    class State(models.TextChoices):
        ASKED = "asked", gettext_lazy("Waiting for approval")
        BOOKED = "booked", gettext_lazy("Booked")
        WITHDRAWN = "withdrawn", gettext_lazy("Withdrawn")

    class Place(models.TextChoices):
        BANK = "bank", gettext_lazy("Bank account")
        PROCESSOR = "stripe", gettext_lazy("Processor's balance")

    class Owed(models.TextChoices):
        PAYOUTS = "payouts", gettext_lazy("Owed to payees")
        TAX = "tax", gettext_lazy("Tax collected")

    LIFECYCLE = lifecycle("voucher", asked="booked withdrawn", booked="", withdrawn="")
    FACTS = frozenset({Kind.RECEIPT, Kind.PAID_OFF, Kind.BANK_FEE, Kind.PROCESSOR_FEE, Kind.TAX_PAID})
    """What happened at a bank: one person is enough, because nothing is decided."""
    DECIDED = frozenset({Kind.WRONG_FUND, Kind.RELEASE, Kind.BRIDGE, Kind.BRIDGE_REPAID, Kind.MATCHING, Kind.MATCHING_ENDED})
    """What happens by being agreed to, and is dated on that day. Every other kind has the date of its fact."""

    kind = models.CharField(max_length=14, choices=Kind)
    key = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=9, choices=State)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    effective_on = models.DateField()
    bank_reference = models.CharField(max_length=140, blank=True)
    reason = models.CharField(max_length=300)
    place = models.CharField(max_length=6, choices=Place, default=Place.BANK)
    owed = models.CharField(max_length=7, choices=Owed, blank=True)
    fund = models.ForeignKey(Fund, null=True, on_delete=models.PROTECT, related_name="+")
    taker = models.ForeignKey(Fund, null=True, on_delete=models.PROTECT, related_name="+")
    party = models.ForeignKey(Party, null=True, on_delete=models.PROTECT, related_name="+")
    of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="followed_by")
    line = models.ForeignKey(Transfer, null=True, on_delete=models.PROTECT, related_name="+")
    gifts_to = models.ForeignKey(Transfer, null=True, on_delete=models.PROTECT, related_name="+")
    returns_to = models.ForeignKey(Transfer, null=True, on_delete=models.PROTECT, related_name="+")
    tax = models.BigIntegerField(default=0)
    host_fee = models.BigIntegerField(default=0)
    into_amount = models.BigIntegerField(null=True)
    into_currency = models.CharField(max_length=3, blank=True)
    rate = models.DecimalField(max_digits=24, decimal_places=12, null=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=300, blank=True)
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    reservation = models.OneToOneField(Reservation, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0, tax__gte=0, host_fee__gte=0), name="voucher_above_zero"),
            models.CheckConstraint(condition=Q(tax__lte=F("amount") - F("host_fee")), name="voucher_shares_fit"),
            models.CheckConstraint(
                condition=~Q(state="booked")
                | Q(entry__isnull=False)
                | Q(kind="matching", reservation__isnull=False)
                | Q(kind="matching_ended"),
                name="voucher_posted",
            ),
            models.CheckConstraint(condition=Q(state="booked") | Q(entry=None, reservation=None), name="voucher_posted_when_booked"),
            models.CheckConstraint(
                condition=Q(state="asked") | Q(decided_by__isnull=False, decided_at__isnull=False), name="voucher_decided"
            ),
            models.CheckConstraint(
                condition=~Q(state="booked")
                | Q(kind__in=["receipt", "paid_off", "bank_fee", "processor_fees", "tax_paid"])
                | ~Q(decided_by=F("asked_by")),
                name="voucher_two_people",
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        return f"V-{self.pk:04d}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def into(self) -> Money | None:
        """What a conversion brought in the other currency."""
        return Money(self.into_amount, self.into_currency) if self.into_amount is not None else None


class Matched(models.Model):
    """One gift that a promise matched. Of `amount`, `released` went back as the gift did; `due` is to once it is free. Minor units."""

    promise = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="matches")
    line = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="+")
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    released = models.BigIntegerField(default=0)
    due = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "matched"
        constraints = [
            models.UniqueConstraint(fields=["promise", "line"], name="gift_matched_once"),
            models.CheckConstraint(condition=Q(amount__gt=0, released__range=(0, F("amount") - F("due"))), name="match_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.promise}: {self.amount} for {self.line_id}"
