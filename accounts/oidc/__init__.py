"""Signing in through the operator's own identity provider, by OpenID Connect."""
