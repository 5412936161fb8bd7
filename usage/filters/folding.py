"""How a text is read before it is judged: without disguise, each character by itself, so that pieces fit together."""

import re
import unicodedata
from functools import lru_cache

CLAUSE_ENDS = frozenset("\n\r。！？；，、：…")
"""Chinese words do not go on across these: 他中了毒，品尝 holds no 毒品."""

_DROPPED = {"Cc", "Cf", "Cn", "Co", "Cs", "Me", "Mn"}
"""Marks on letters, and what nobody sees: zero-width characters, directions, variation selectors."""

_APOSTROPHES = frozenset("'’‘ʼ`´")
_LEET = str.maketrans("013457@$", "oieastas")
_ALIKE = str.maketrans("l", "i")
_PART = re.compile(r"[a-z0-9@$]+|[.!?;。]")


@lru_cache(maxsize=20_000)
def folded(char: str) -> str:
    """This will return a character in its plain form: lower case, ASCII where there is one, "" when it is unseen.

    Compatibility forms as in NFKC (Unicode Standard Annex 15), with marks taken off.
    """
    if char.isspace():
        return " "
    if char in _APOSTROPHES:
        return ""
    plain_form = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    return "".join(_digit(part) for part in plain_form if unicodedata.category(part) not in _DROPPED)


@lru_cache(maxsize=20_000)
def is_significant(char: str) -> bool:
    """This will tell whether a character holds a letter or a digit."""
    return any(part.isalnum() for part in folded(char))


def plain(text: str) -> str:
    """This will return the folded text with single spaces."""
    return " ".join("".join(map(folded, text)).split())


def squeezed(text: str) -> str:
    """This will return only the letters and digits of the text, and a line break where a Chinese clause ends."""
    return "".join(map(_squeezed, text))


def words(plain_text: str) -> list[str]:
    """This will return the words of a folded text as `alike` writes them, and its sentence marks."""
    return [alike(word) for word in _PART.findall(plain_text)]


def alike(word: str) -> str:
    """This will return the form in which a word equals what is written for it: k1ll, ki11 and kill.

    What begins with a digit is a figure and stays one: 15d is no lsd.
    """
    return word if word[0].isdigit() else word.translate(_LEET).translate(_ALIKE)


def _digit(char: str) -> str:
    return str(unicodedata.decimal(char)) if char.isdecimal() else char


@lru_cache(maxsize=20_000)
def _squeezed(char: str) -> str:
    if char in CLAUSE_ENDS:
        return "\n"
    return "".join(part for part in folded(char) if part.isalnum())
