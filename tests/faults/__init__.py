"""Faults that are put into the running product, and what must still hold."""
