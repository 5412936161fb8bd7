"""Servers from wheels, for people who have none of their own, and the supervisor that keeps a portal running."""
