"""How fast the books are, as ratios to what PostgreSQL itself and another Django ledger do on the same machine in the same minutes.

Absolute figures of one machine mean nothing on another, so none is a goal. docs/bench.md tells what each ratio is.
This is a development tool: nothing of the site imports it.
"""
