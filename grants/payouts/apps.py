from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class PayoutsConfig(AppConfig):
    name = "grants.payouts"
    label = "payouts"

    def ready(self) -> None:
        from funding import appendonly
        from funding.components import navigation
        from funding.ledger import checks
        from funding.payments import handlers, reconciliation
        from funding.people import acting
        from funding.web import attention, desk
        from grants.engagements import drawing
        from grants.payouts import executing, naming, owing, planning, policies, receivers, reconciling, selectors, signers  # noqa: F401  (connects the receivers)
        from grants.payouts.checks import payouts_are_their_work
        from grants.payouts.hindsight import others_released
        from grants.payouts.progress import forecast, look
        from grants.payouts.restricted import restricted_money_paid_what_it_may
        from grants.timesheets import progress

        appendonly.protect("payouts_withholding")
        acting.register_stake(signers.waits_for_money)
        desk.register(gettext_lazy("One signer"), "payouts:signers", signers.ONE_SIGNER, 49, policies.warns_of_one_signer)
        drawing.register_planned(planning.planned_shares)
        progress.register(look)
        progress.register_forecast(forecast)
        checks.register("I9", payouts_are_their_work)
        checks.register("I8", restricted_money_paid_what_it_may)
        checks.register("I10", others_released)
        attention.register("payouts", gettext_lazy("Payouts that did not reach the payee"), selectors.unpaid_debts, order=20)
        handlers.register(owing.KIND, executing.on_news)
        reconciliation.register("payouts", reconciling.claims, reconciling.makers, naming.name_movements)
        navigation.register(gettext_lazy("Payouts"), "payouts:index", 50, visible=policies.shows_payouts)
        desk.register(
            gettext_lazy("Payout runs"),
            "payouts:index",
            gettext_lazy("Pay what is approved: one treasurer prepares a run, another releases it."),
            50,
            policies.shows_runs,
            waiting=policies.count_waiting,
        )
