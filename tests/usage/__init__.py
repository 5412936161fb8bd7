"""Tests of what happened: calls, their figures and their pages."""
