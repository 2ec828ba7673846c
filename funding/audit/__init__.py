"""Who did what, when and why: append-only, with the actor as id and label and no foreign key."""
