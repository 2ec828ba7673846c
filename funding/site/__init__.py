"""The roof: may read every side; nothing below imports it."""
