"""The unified social credit code of Chinese businesses, with its check digit."""

import re

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WRITTEN = re.compile(rf"[{ALPHABET}]{{18}}", re.ASCII)
_WEIGHT = 3


def normal(typed: str) -> str:
    """This will write a code as it stands on papers: capitals, without spaces or hyphens."""
    return re.sub(r"[\s\-]", "", typed).upper()


def is_valid(code: str) -> bool:
    """This will tell whether a code in its normal form is one, by its last digit.

    Each of the first seventeen digits counts with a power of 3 modulo 31 (GB 32100-2015, annex A).
    """
    if not _WRITTEN.fullmatch(code):
        return False
    weighted = sum(ALPHABET.index(digit) * pow(_WEIGHT, place, 31) for place, digit in enumerate(code[:17]))
    return ALPHABET[-weighted % 31] == code[17]
