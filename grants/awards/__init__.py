"""Institutional grants received: what was agreed, in which instalments it comes, and what it may be spent on."""
