"""The statement of work that a funded proposal becomes."""
