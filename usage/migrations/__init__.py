"""Migrations of what happened."""
