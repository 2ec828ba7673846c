"""What happens, and on which day, when a renewal is not paid: the host's table of steps, and how far each invoice is in it."""
