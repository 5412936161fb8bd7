"""Hashes a password in one round: how slow the rounds are is Django's own, and nothing that a test tries."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class OneRound(PBKDF2PasswordHasher):
    """The portal's hash, quick; what it writes looks the same and the running product can check it."""

    iterations = 1
