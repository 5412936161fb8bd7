"""What stylesheets keep: colors only from tokens, no ids, no `!important`."""

import re
from collections.abc import Iterator

from portal.management.house.source import Finding, Source, line_of

TOKENS = "static/css/tokens.css"
ADMIN = "static/css/admin.css"
"""Django names the parts of its admin by id."""
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
DECLARATION = re.compile(r"(?:^|[;{])\s*(-{0,2}[a-z][\w-]*)\s*:\s*([^;{}]+)(?=[;}])", re.MULTILINE)
NAMED = (
    "aqua|black|blue|brown|coral|crimson|cyan|fuchsia|gold|gray|green|grey|indigo|ivory|lime|magenta|maroon|navy|"
    "olive|orange|orchid|pink|plum|purple|red|salmon|silver|tan|teal|tomato|turquoise|violet|white|yellow"
)
COLOR = re.compile(
    rf"#[0-9a-fA-F]{{3,8}}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\((?!from var)|(?<![\w-])(?:{NAMED})(?![\w-])"
)
ID_SELECTOR = re.compile(r"(?:^|[\s,>+~}])#[A-Za-z][\w-]*[^;{}]*\{", re.MULTILINE)


def loose_colors(source: Source) -> Iterator[Finding]:
    """This will find colors written down anywhere but in the tokens."""
    if source.path == TOKENS:
        return
    text = COMMENT.sub(_blank, source.text)
    for match in DECLARATION.finditer(text):
        if match.group(1).startswith(("mask", "-webkit-mask")):
            continue  # a mask knows no color, only how much shows
        value = re.sub(r"\"[^\"]*\"|'[^']*'|url\([^)]*\)", "", match.group(2))
        if color := COLOR.search(value):
            line = line_of(text, match.start(2))
            yield from source.find(line, f"the color {color.group()} is no token; name it in {TOKENS}")


def shouting(source: Source) -> Iterator[Finding]:
    """This will find `!important` and selectors by id, which no layer can overrule in order."""
    text = COMMENT.sub(_blank, source.text)
    for match in re.finditer(r"!\s*important", text):
        yield from source.find(line_of(text, match.start()), "!important; put the rule into the right layer")
    for match in ID_SELECTOR.finditer("" if source.path == ADMIN else text):
        yield from source.find(line_of(text, match.start() + 1), "a selector by id; use a class or an element")


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())
