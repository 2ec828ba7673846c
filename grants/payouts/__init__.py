"""Batches that one treasurer prepares and another releases; money out."""
