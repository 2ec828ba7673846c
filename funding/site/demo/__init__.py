"""The demo: its people, its calendar, its story. Loaded only when DEMO=1."""
