"""Who decides: committees, their panels, recusals, reviews, votes, and the determination that reserves the money."""
