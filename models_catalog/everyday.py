"""Whether a text is everyday prose of a language whose tokens were measured; others weigh too differently.

Pure: knows no Django. The bounds are set so that every text of tests/models_catalog/texts/prose.json whose estimate
is more than 15 % off lies without them, and most others that are no everyday prose, too: in doubt a text is none.
"""

import re
from dataclasses import dataclass

LARGE_PERCENT = 16
"""From this share of its characters on, a script of a text must be everyday prose for itself."""
MOST_PERCENT = (
    (re.compile(r"[0-9]"), 6),  # digits: numbers, dates, lists of them
    (re.compile(r"[A-Z]"), 6),  # capitals: headings, names
    (re.compile(r"[\u00a1-\u00bf\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]"), 1),  # pictures and signs
    (re.compile(r"[\u2000-\u206f\u3000-\u303f\uff00-\uffef]"), 16),  # wide marks
    (re.compile(r"[!-/:-@\[-`{-~]"), 9),  # marks of a keyboard: code, tables, addresses
    (re.compile(r"(?<=[!-/:-@\[-`{-~])[!-/:-@\[-`{-~]"), 2),  # rows of them
    (re.compile(r"(?<=\s)\s"), 3),  # what is aligned by gaps
    (re.compile(r"(\S)(?=\1\1)"), 1),  # the same again and again
    (re.compile(r"\w{25,}", re.ASCII), 0),  # what has no gaps: keys, encoded bytes
)
"""How much of a text each of these may be; they share tokens in their own ways."""
LEAST_ENGLISH, LEAST_SPANISH = 30, 35
LEAST_CHINESE, MOST_CLASSICAL, MOST_TRADITIONAL = 14, 6, 1
LEAST_HIRAGANA, MOST_HIRAGANA = 45, 85
"""In percent of the words or characters of a language."""


@dataclass(frozen=True)
class _Language:
    """The words without which hardly a sentence of it can do; at least so many percent of its words are among them."""

    common: frozenset[str]
    least: int


def is_everyday(text: str) -> bool:
    """This will tell whether `text` reads like everyday prose in English, Chinese, Spanish or Japanese."""
    if any(_share(kind, text) > most for kind, most in MOST_PERCENT):
        return False
    if _share(_LATIN, text) > LARGE_PERCENT and not any(_is_spoken(text, language) for language in _LANGUAGES):
        return False
    if _share(_UNMEASURED, text) > LARGE_PERCENT:
        return False
    return _share(_EAST_ASIAN, text) <= LARGE_PERCENT or _is_everyday_east_asian(text)


def _share(kind: re.Pattern[str], text: str) -> float:
    """In percent of the characters."""
    return sum(map(len, kind.findall(text))) * 100 / max(len(text), 1)


def _is_spoken(text: str, language: _Language) -> bool:
    words = _LATIN.findall(text)
    return sum(word in language.common for word in words) * 100 >= len(words) * language.least


def _is_everyday_east_asian(text: str) -> bool:
    """Kana tell Japanese. Its small words tell everyday Chinese from official and from classical Chinese."""
    written = "".join(_EAST_ASIAN.findall(text))
    if _share(_KANA, written) >= LARGE_PERCENT:
        return LEAST_HIRAGANA <= _share(_HIRAGANA, written) <= MOST_HIRAGANA
    return (
        _share(_CHINESE, written) >= LEAST_CHINESE
        and _share(_CLASSICAL, written) <= MOST_CLASSICAL
        and _share(_TRADITIONAL, written) <= MOST_TRADITIONAL
    )


_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+")
_UNMEASURED = re.compile(r"[\u0400-\u04ff\u0600-\u06ff]+")  # many languages share Cyrillic and Arabic letters
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+")
_KANA, _HIRAGANA = re.compile(r"[\u3040-\u30ff]+"), re.compile(r"[\u3040-\u309f]+")
_CHINESE = re.compile("[的了是我你您他她它们这那个不在有就也都要会着过吗呢吧把给和]")
_CLASSICAL = re.compile("[之乎者也矣焉哉而曰吾汝其於于兮]")
_TRADITIONAL = re.compile("[這個們來說時會為學對開過還後沒裡麼與著兩從長給讓誰]")
_ENGLISH = (
    "the of and to a in is that it for you with on be are this not as at by from have or an was can we will if your"
    " they but what which one all there when he she his her i my do so no out up how about them their its were had has"
    " been more who would than then into me"
)
_SPANISH = (
    "de la el que y en los las del una un con es por lo más para se su al no a como sus le o este esta pero ha me si"
    " sin sobre también muy hasta hay mi ya cuando todo está"
)
_LANGUAGES = (
    _Language(frozenset(_ENGLISH.split()), LEAST_ENGLISH),
    _Language(frozenset(_SPANISH.split()), LEAST_SPANISH),
)
