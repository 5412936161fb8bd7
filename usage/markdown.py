"""Model text into safe HTML: rendered first, sanitized after, whole or block by block while it streams."""

import re
from dataclasses import dataclass, field

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

LONGEST_CHARACTERS = 200_000
DEEPEST_NESTING = 20
_TAGS = {
    *(
        "p",
        "br",
        "hr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "ul",
        "ol",
        "li",
        "strong",
        "em",
        "s",
    ),
    *("code", "pre", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "code": {"class"}}
_ADDRESS = re.compile(r"(https?://|mailto:)", re.IGNORECASE)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")


def render(text: str) -> str:
    """This will return `text` as sanitized HTML; images become links, foreign HTML becomes text."""
    html = _PARSER.render(text[:LONGEST_CHARACTERS])
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_keep_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


@dataclass
class Blocks:
    """Cuts a streamed text into finished blocks: at a blank line that is not inside a code fence."""

    _open: str = ""
    _fence: str = ""
    _lines: list[str] = field(default_factory=list)

    def feed(self, text: str) -> list[str]:
        """This will take the next piece and return the blocks that it finished, as markdown."""
        finished: list[str] = []
        *lines, self._open = (self._open + text).split("\n")
        for line in lines:
            self._note_fence(line)
            if line.strip() or self._fence:
                self._lines.append(line)
            elif self._lines:
                finished.append("\n".join(self._lines))
                self._lines = []
        return finished

    def rest(self) -> str:
        """This will return what stands in the open block."""
        return "\n".join([*self._lines, self._open]) if self._open or self._lines else ""

    def _note_fence(self, line: str) -> None:
        match = _FENCE.match(line)
        if match is None:
            return
        if not self._fence:
            self._fence = match[1]
        elif match[1].startswith(self._fence) and not line.strip().strip(self._fence[0]):
            self._fence = ""


def _keep_attribute(tag: str, name: str, value: str) -> str | None:
    if (tag, name) == ("a", "href"):  # a model has no business with paths of this portal
        return value if _ADDRESS.match(value) else None
    if (tag, name) == ("code", "class"):
        return value if re.fullmatch(r"language-[A-Za-z0-9+#.-]{1,30}", value) else None
    return value


def _images_to_links(state: StateCore) -> None:
    for token in state.tokens:
        if token.children:
            token.children = [piece for child in token.children for piece in _without_image(child)]


def _without_image(token: Token) -> list[Token]:
    if token.type != "image":
        return [token]
    words = Token("text", "", 0, content=token.content or str(token.attrs.get("src", "")))
    opening = Token("link_open", "a", 1, attrs={"href": token.attrs.get("src", "")})
    return [opening, words, Token("link_close", "a", -1)]


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": DEEPEST_NESTING})
    parser.enable(["table", "strikethrough"])
    parser.core.ruler.push("images_to_links", _images_to_links)
    return parser


_PARSER = _parser()
