"""Who decides, who stepped back, how they voted and what was recorded."""
