"""What each job does, in words for a page. The roof may know them all; a test holds that none of the schedule is missing."""

from __future__ import annotations

JOBS = {
    "advance_book_day": "Close the day of the books",
    "run_billing": "Renew sponsorships",
    "sweep_payments": "Look again at payments",
    "settle_payment": "Settle a payment",
    "sweep_cards": "Look again at cards that are being changed",
    "detach_cards": "Have the processor forget cards",
    "warn_of_expiry": "Tell of cards that expire",
    "run_dunning": "Take the steps of what is unpaid",
    "collect_goals": "Collect the pledges of goals that are met",
    "send_refund": "Send a refund",
    "learn_dispute": "Read a dispute",
    "remind": "Remind of what awards ask for",
    "fund_need": "Begin approved work",
    "send_top_up": "Top up the balance",
    "sweep_refunds": "Look again at refunds and disputes",
    "sweep_payouts": "Send payouts",
    "execute_payout": "Send a payout",
    "sweep_needs": "Begin approved work for which money was found",
    "sweep_reviews": "Open reviews and remind of them",
    "look_again": "Look at the ties of open panels again",
    "sweep_inbox": "Act on the processor’s news",
    "handle_event": "Act on a piece of the processor’s news",
    "sweep_top_ups": "Look again at top-ups of the balance",
    "reconcile": "Compare the processor with the books",
    "reconcile_now": "Compare the processor with the books, as asked",
    "sweep_outbox": "Send mails",
    "send_message": "Send a mail",
    "watch": "Watch the schedule, and tell what waits",
    "prune": "Throw away what nobody needs any more",
}


def words(task: str) -> str:
    """`Renew sponsorships` for `sponsors.billing.tasks.run_billing`; the last part of the name where nobody wrote words."""
    name = task.rpartition(".")[2]
    return JOBS.get(name, name.replace("_", " ").capitalize())
