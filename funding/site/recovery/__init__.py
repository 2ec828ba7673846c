"""What did not work, what did not run, and what a person can do about either."""
