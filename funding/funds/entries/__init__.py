"""Entries that no other part of the house makes, each a verb of its own. The table of all entries: docs/ledger.md."""
