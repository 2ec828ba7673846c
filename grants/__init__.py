"""Work out: rates, proposals, committee, engagements, timesheets, payouts. Never imports `sponsors`."""
