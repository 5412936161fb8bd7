"""Short codes of calls, to be read out on the phone: K7-3M2. Pure.

Five digits of Crockford's base 32 (no I, L, O or U) out of the random end of a call's id. A code is short, not
unique for ever: of a million calls some three percent share theirs with another one, so staff sees each of them.
"""

import re
from uuid import UUID

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 5
BEFORE_DASH = 2
_BITS = 5
_CODE = re.compile(r"[0-9A-Z]{2}-?[0-9A-Z]{3}")
_HEARD = str.maketrans({"I": "1", "L": "1", "O": "0"})


def number_of_call(call_id: UUID) -> int:
    """This will return the number that the code of a call writes; `call_number()` in SQL is the same."""
    return call_id.int % (1 << _BITS * LENGTH)


def code_of(call_id: UUID) -> str:
    """This will return the code of a call."""
    number = number_of_call(call_id)
    digits = "".join(DIGITS[number >> _BITS * place & (1 << _BITS) - 1] for place in reversed(range(LENGTH)))
    return f"{digits[:BEFORE_DASH]}-{digits[BEFORE_DASH:]}"


def number_of(words: str) -> int | None:
    """This will read a code as it was heard or typed, whatever the case; None when it is none."""
    heard = words.strip().upper()
    if not _CODE.fullmatch(heard):
        return None
    heard = heard.replace("-", "").translate(_HEARD)
    if any(digit not in DIGITS for digit in heard):
        return None
    number = 0
    for digit in heard:
        number = number << _BITS | DIGITS.index(digit)
    return number
