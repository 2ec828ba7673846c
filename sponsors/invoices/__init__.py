"""What is owed for a period, and each attempt to collect it."""
