"""Pages: `own` for who is paid, `runs` for who pays, `gate` for what only treasurers do."""
