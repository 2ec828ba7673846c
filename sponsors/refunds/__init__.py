"""Money that goes back to a sponsor: refunds that a treasurer asks for, disputes that a bank opens, and both walked backwards."""
