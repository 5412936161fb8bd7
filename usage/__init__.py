"""What happened: the ways in, the life of a call, and the figures made of calls."""
