"""What templates keep: nothing inline, nothing unsafe, and every text for people translatable."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from portal.management.house.source import Finding, Source, line_of

UNSAFE = re.compile(r"\|\s*safe\b|\{%\s*autoescape\s+off|\{%\s*filter\s+safe\b")
TRANSLATED = re.compile(
    r"\{%-?\s*blocktrans(?:late)?\b.*?\{%-?\s*endblocktrans(?:late)?\s*-?%\}"
    r"|\{%\s*comment\b.*?\{%\s*endcomment\s*%\}"
    r"|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}",
    re.DOTALL,
)
INCLUDE = re.compile(r"\{%\s*include\s.*?%\}", re.DOTALL)
SPOKEN_ARGUMENT = re.compile(r"\b(label|title|text|hint|sentence|heading|lead|caption)=(\"[^\"]*\"|'[^']*')")
WORD = re.compile(r"[A-Za-z]{2}|[\u4e00-\u9fff]")
SPOKEN_ATTRIBUTES = {"alt", "aria-label", "aria-description", "placeholder", "title"}
CLASS_BLOCK = re.compile(r"\{%\s*block\s+\w+\s*%\}[a-z -]*\{%\s*endblock(\s+\w+)?\s*%\}")
"""A page may hand its layout a class in a block."""

SILENT_PAGES = re.compile(r"templates/(400|500)\.html|templates/portal/style\.html|.*/snippets/.*|.*robots\.txt")
"""Shown when nothing else works, in both languages; for builders only; read by machines."""

PROPER_NAMES = {"curl", "go", "javascript", "ms", "node", "openai", "python"}
SILENT_TAGS = {"code", "kbd", "pre", "samp", "script", "style", "textarea"}
DATA_TYPES = {"application/json", "application/ld+json", "importmap", "speculationrules"}


def unsafe_filters(source: Source) -> Iterator[Finding]:
    """This will find places that switch the escaping of a template off."""
    for match in UNSAFE.finditer(source.text):
        yield from source.find(line_of(source.text, match.start()), "escaping switched off; sanitize in the verb")


def inline_code(source: Source) -> Iterator[Finding]:
    """This will find inline scripts, styles and handlers, which our content security policy refuses."""
    yield from _read(source).inline


def untranslated_text(source: Source) -> Iterator[Finding]:
    """This will find text for people outside `translate` and `blocktranslate`."""
    if SILENT_PAGES.fullmatch(source.path):
        return
    yield from _read(source).untranslated
    for include in INCLUDE.finditer(source.text):
        for match in SPOKEN_ARGUMENT.finditer(include.group()):
            if WORD.search(match.group(2)):
                line = line_of(source.text, include.start() + match.start())
                yield from source.find(line, f"untranslated {match.group(1)}={match.group(2)}; write _(...)")


def _read(source: Source) -> "_Reader":
    reader = _Reader(source)
    reader.feed(TRANSLATED.sub(_blank, CLASS_BLOCK.sub(_blank, source.text)))
    reader.close()
    return reader


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", "", match.group())


class _Reader(HTMLParser):
    """Walks the HTML that is left when the tags of the template are blanked out; lines stay in place."""

    def __init__(self, source: Source) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.silent: list[str] = []
        self.inline: list[Finding] = []
        self.untranslated: list[Finding] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        own_language = "lang" in given and tag != "html"
        if tag in SILENT_TAGS or own_language or given.get("translate") == "no":
            self.silent.append(tag)
        self._see_inline(tag, given)
        for name in sorted(SPOKEN_ATTRIBUTES & given.keys()):
            if WORD.search(given[name] or ""):
                self.untranslated += self.source.find(self.getpos()[0], f"untranslated {name}={given[name]!r}")

    def handle_endtag(self, tag: str) -> None:
        if self.silent and self.silent[-1] == tag:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        if self.silent or not (word := WORD.search(data)):
            return
        if data.strip().lower() in PROPER_NAMES:
            return
        line = self.getpos()[0] + data.count("\n", 0, word.start())
        self.untranslated += self.source.find(line, f"untranslated text {' '.join(data.split())[:40]!r}")

    def _see_inline(self, tag: str, given: dict[str, str | None]) -> None:
        line = self.getpos()[0]
        if "style" in given:
            self.inline += self.source.find(line, "an inline style; use a class, or attributes of SVG")
        if tag == "style":
            self.inline += self.source.find(line, "a style element; CSS belongs in static/css/")
        if tag == "script" and "src" not in given and given.get("type") not in DATA_TYPES:
            self.inline += self.source.find(line, "an inline script; use a module in static/js/ and data-behavior")
        for name in sorted(name for name in given if re.fullmatch(r"on[a-z]+", name)):
            self.inline += self.source.find(line, f"an inline handler {name}; use data-behavior")
        if (given.get("href") or "").lower().startswith("javascript:"):
            self.inline += self.source.find(line, "a javascript: address; use a button with data-behavior")
