"""What each job does, in words for a page. The roof may know them all; a test holds that none of the schedule is missing."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

JOBS = {
    "advance_book_day": gettext_lazy("Close the day of the books"),
    "seal_days": gettext_lazy("Seal the days of the books that are over"),
    "run_billing": gettext_lazy("Renew sponsorships"),
    "sweep_payments": gettext_lazy("Look again at payments"),
    "settle_payment": gettext_lazy("Settle a payment"),
    "sweep_cards": gettext_lazy("Look again at cards that are being changed"),
    "detach_cards": gettext_lazy("Have the processor forget cards"),
    "warn_of_expiry": gettext_lazy("Tell of cards that expire"),
    "run_dunning": gettext_lazy("Take the steps of what is unpaid"),
    "collect_goals": gettext_lazy("Collect the pledges of goals that are met"),
    "send_refund": gettext_lazy("Send a refund"),
    "learn_dispute": gettext_lazy("Read a dispute"),
    "remind": gettext_lazy("Remind of what awards ask for"),
    "fund_need": gettext_lazy("Begin approved work"),
    "send_top_up": gettext_lazy("Top up the balance"),
    "sweep_refunds": gettext_lazy("Look again at refunds and disputes"),
    "sweep_payouts": gettext_lazy("Send payouts"),
    "execute_run": gettext_lazy("Begin a released payout run"),
    "execute_payout": gettext_lazy("Send a payout"),
    "sweep_needs": gettext_lazy("Begin approved work for which money was found"),
    "sweep_reviews": gettext_lazy("Open reviews and remind of them"),
    "look_again": gettext_lazy("Look at the ties of open panels again"),
    "sweep_inbox": gettext_lazy("Act on the processor's news"),
    "handle_event": gettext_lazy("Act on a piece of the processor's news"),
    "sweep_top_ups": gettext_lazy("Look again at top-ups of the balance"),
    "reconcile": gettext_lazy("Compare the processor with the books"),
    "reconcile_now": gettext_lazy("Compare the processor with the books, as asked"),
    "sweep_outbox": gettext_lazy("Send mails"),
    "send_message": gettext_lazy("Send a mail"),
    "watch": gettext_lazy("Watch the schedule, and tell what waits"),
    "verify_books": gettext_lazy("Recompute the books, once a day"),
    "prune": gettext_lazy("Throw away what nobody needs any more"),
}


def words(task: str) -> str:
    """`Renew sponsorships` for `sponsors.billing.tasks.run_billing`; the last part of the name where nobody wrote words."""
    name = task.rpartition(".")[2]
    return str(JOBS.get(name) or name.replace("_", " ").capitalize())
