"""What translations keep: every sentence has its Chinese, and the compiled file says the same."""

import gettext
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from portal.management.house.source import Finding


def stale(folder: Path) -> Iterator[Finding]:
    """This will find catalogs under `folder` that are not compiled, or compiled from an older text."""
    for readable in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        compiled = readable.with_suffix(".mo")
        if not compiled.is_file():
            yield Finding(str(readable), 1, "not compiled; the .mo is committed beside it")
            continue
        with compiled.open("rb") as file:
            spoken = gettext.GNUTranslations(file)
        for message in _messages(readable):
            source, translation = _first(message.id), _first(message.string)
            if translation and not message.fuzzy and _say(spoken, message, source) != translation:
                yield Finding(str(readable), message.lineno or 1, f"{source[:40]!r} is not in the .mo; compile again")


def unspoken(folder: Path) -> Iterator[Finding]:
    """This will find sentences that have no translation, a doubtful one, or one with other blanks."""
    for readable in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        for message in _messages(readable):
            source, translation = _first(message.id), _first(message.string)
            if not translation or message.fuzzy:
                yield Finding(str(readable), message.lineno or 1, f"{source[:40]!r} waits for its translation")
            elif _blanks(source) != _blanks(translation) and isinstance(message.id, str):
                yield Finding(str(readable), message.lineno or 1, f"{source[:40]!r} has other blanks when translated")


def _messages(readable: Path) -> list[Message]:
    with readable.open("rb") as file:
        return [message for message in read_po(file) if message.id]


def _say(spoken: gettext.GNUTranslations, message: Message, source: str) -> str:
    if isinstance(message.id, tuple | list):
        singular, plural = message.id
        if message.context:
            return spoken.npgettext(message.context, singular, plural, 1)
        return spoken.ngettext(singular, plural, 1)
    return spoken.pgettext(message.context, source) if message.context else spoken.gettext(source)


def _first(text: object) -> str:
    return str(text[0]) if isinstance(text, tuple | list) else str(text or "")


def _blanks(text: str) -> set[tuple[str, str]]:
    return set(re.findall(r"%\((\w+)\)|(?<!\{)\{(\w+)\}", text))
