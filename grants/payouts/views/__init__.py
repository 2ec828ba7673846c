"""Pages: `own` for who is paid, `runs` for who pays."""
