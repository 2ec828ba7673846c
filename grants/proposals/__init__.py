"""Calls, and what contributors offer: days times day rate."""
