"""Money in: tiers, sponsorships, invoices, billing. Never imports `grants`; both meet in the ledger."""
