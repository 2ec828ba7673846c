from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    name = "grants.payouts"
    label = "payouts"

    def ready(self) -> None:
        from funding.components import navigation
        from funding.ledger import checks
        from funding.payments import handlers
        from funding.web import desk
        from grants.payouts import executing, policies
        from grants.payouts.checks import payouts_are_their_work
        from grants.payouts.progress import forecast, look
        from grants.timesheets import progress

        progress.register(look)
        progress.register_forecast(forecast)
        checks.register("I9", payouts_are_their_work)
        handlers.register(executing.KIND, executing.on_news)
        navigation.register("Payouts", "payouts:index", 50, visible=policies.shows_payouts)
        desk.register(
            "Payout runs",
            "payouts:index",
            "Pay what is approved: one treasurer prepares a run, another releases it.",
            50,
            policies.shows_runs,
            waiting=policies.count_waiting,
        )
