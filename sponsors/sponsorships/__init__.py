"""Recurring agreements, each a snapshot of the tier that was agreed."""
