"""Template tags of calls and usage."""
