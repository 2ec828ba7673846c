"""Users, parties, roles, sign-in, and the one gate for independence (I10)."""
