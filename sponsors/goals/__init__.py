"""A target with a deadline, and the promises to it: collected only if the goal is reached."""
