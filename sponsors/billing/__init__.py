"""The billing clock: renewals, settling, booking, receipts."""
