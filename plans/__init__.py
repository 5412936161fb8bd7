"""How much: what is sold, what is paid, and what is left."""
