"""Accounts, entries, transfers, reservations, the number line. Names nobody."""
