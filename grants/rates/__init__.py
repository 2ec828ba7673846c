"""Day rates: what a contributor asks for a day in one currency, from one date on, approved by somebody else."""
