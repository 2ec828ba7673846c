"""Calls and proposals: what a committee asks for, and what a contributor offers as days at a day rate."""
