"""The template tags, one small module for each kind of thing. `templatetags/components.py` gathers them into one library."""
