"""Whether a signed message was signed just now: an old one may have been caught and sent again."""

TOLERANCE_SECONDS = 300
"""How far the clock of who signed and ours may be apart, in both directions."""
_MOST_DIGITS = 12


def is_near(told: str, seconds: float) -> bool:
    """This will tell whether a moment, told in whole seconds since 1970, lies within the tolerance of `seconds`."""
    if not (told.isascii() and told.isdigit() and len(told) <= _MOST_DIGITS):
        return False
    return abs(int(told) - seconds) <= TOLERANCE_SECONDS
