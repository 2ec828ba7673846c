"""Half days of work, each with a note, approved by somebody else."""
