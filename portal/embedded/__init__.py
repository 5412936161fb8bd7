"""Servers from wheels, for people who have none, and the supervisor that keeps a portal running."""
