"""How figures and pictures are written in templates."""
