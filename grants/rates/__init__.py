"""A contributor's day rate per currency, effective-dated, approved by somebody else."""
