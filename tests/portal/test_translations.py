"""Every sentence of ours has its Chinese, and the public pages show no other language by accident."""

import gettext
import io
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from django.utils.translation.template import templatize

from models_catalog.models import ChatModel, Vendor
from portal.kit import clock
from tests import kept
from usage import shelf as assistants

CATALOG = Path(settings.BASE_DIR, "portal/locale/zh_Hans/LC_MESSAGES/django.po")
ONE = ("_", "gettext", "gettext_lazy", "gettext_noop")
KEYWORDS = {
    **dict.fromkeys(ONE),
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
BLANK = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:!?](?!\w)|[\u4e00-\u9fff]\.(?:\s|$)|[,;:!?][\u4e00-\u9fff]")

PAGES = (
    "/",
    "/plans/",
    "/plans/business/",
    "/plans/family/",
    "/plans/business-bundle/",
    "/plans/pack-points/",
    "/plans/welcome/",
    "/plans/compare/?plan=family&plan=home-10m&plan=pack-light",
    "/plans/fit/",
    "/plans/fit/?for=business&people=10&use=letter&often=daily",
    "/models/",
    "/models/?all=on",
    "/models/compare/",
    "/models/prices/",
    "/models/smollm2-135m/",
    "/plans/models/",
    "/assistants/",
    "/assistants/homework-tutor/",
    "/cost/",
    "/help/",
    "/more/",
    "/legal/terms/",
    "/legal/privacy/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/login/code/",
    "/accounts/password/reset/",
    "/nowhere/",
)
WORD = re.compile(r"[A-Za-z][A-Za-z'’]{2,}")
NAMES = {
    "API",
    "ASCII",
    "Anthropic",
    "CSV",
    "Cookie",
    "JSON",
    "Node",
    "OpenAI",
    "Python",
    "curl",
    "insufficient",
    "quota",
    "token",
}
"""What stays as it is in a Chinese sentence: names, protocols, the other language."""

SPOKEN = ("alt", "aria-label", "placeholder", "title")
SILENT = {"script", "style", "code", "pre", "option"}


def _messages() -> list[Message]:
    with CATALOG.open("rb") as file:
        return [message for message in read_po(file) if message.id]


def _forms(text: object) -> list[str]:
    return [str(form) for form in text] if isinstance(text, tuple | list) else [str(text or "")]


def _say(compiled: gettext.GNUTranslations, message: Message) -> str:
    one, *many = _forms(message.id)
    if message.context:
        return compiled.npgettext(message.context, one, many[0], 2) if many else compiled.pgettext(message.context, one)
    return compiled.ngettext(one, many[0], 2) if many else compiled.gettext(one)


def _ours() -> Iterator[tuple[str, str]]:
    listed = subprocess.run(["git", "ls-files"], cwd=settings.BASE_DIR, capture_output=True, check=True, text=True)
    for path in listed.stdout.splitlines():
        file = Path(settings.BASE_DIR, path)
        if path.startswith("tests/") or not file.is_file():
            continue
        if file.suffix == ".py":
            source = file.read_text(encoding="utf-8")
        elif path.startswith("templates/") and file.suffix in {".html", ".txt"}:
            lines = templatize(file.read_text(encoding="utf-8"), origin=path).split("\n")
            source = "\n".join(line.strip() for line in lines)
        else:
            continue
        for _line, said, _comments, _context in extract("python", io.BytesIO(source.encode()), keywords=KEYWORDS):
            yield path, said if isinstance(said, str) else said[0]


class TestCatalog:
    def test_knows_every_sentence_of_ours(self) -> None:
        known = {_forms(message.id)[0] for message in _messages()}
        assert sorted(f"{path}: {said}" for path, said in set(_ours()) if said not in known) == []

    def test_leaves_no_sentence_empty_or_in_doubt(self) -> None:
        waiting = [m.id for m in _messages() if m.fuzzy or not all(_forms(m.string))]
        assert waiting == []

    def test_fills_the_same_blanks(self) -> None:
        for message in _messages():
            blanks = [set(BLANK.findall(form)) for form in _forms(message.id)]
            for form in _forms(message.string):
                assert set(BLANK.findall(form)) in (blanks[-1], set.union(*blanks)), message.id

    def test_is_compiled_from_the_text_beside_it(self) -> None:
        with CATALOG.with_suffix(".mo").open("rb") as file:
            compiled = gettext.GNUTranslations(file)
        for message in _messages():
            assert _say(compiled, message) == _forms(message.string)[0], message.id

    def test_writes_chinese_marks_in_chinese_sentences(self) -> None:
        sentences = [form for m in _messages() if m.id != "yes,no" for form in _forms(m.string)]
        wrong = [said for said in sentences if HALF_WIDTH.search(re.sub("<[^>]*>", "", said))]
        assert wrong == []


@pytest.mark.django_db
class TestPages:
    @pytest.fixture(autouse=True)
    def _shelves(self) -> None:
        now = clock.now()
        kept.catalog(now=now)
        kept.offerings(now=now)
        assistants.open_all(now=now)

    @pytest.mark.parametrize("path", PAGES)
    def test_speak_chinese_alone(self, client: Client, path: str) -> None:
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
        page = html5lib.parse(client.get(path).content, namespaceHTMLElements=False)
        said = " ".join(_spoken(page))
        for name in sorted(_names(), key=len, reverse=True):
            said = said.replace(name, "")
        assert CHINESE.search(said)
        assert [word for word in WORD.findall(said) if word not in NAMES] == []


def _names() -> set[str]:
    """The names of what is on the shelves, and of the portal."""
    models = {name for pair in ChatModel.objects.values_list("name", "slug") for name in pair}
    return models | set(Vendor.objects.values_list("name", flat=True)) | {settings.SITE_NAME}


def _spoken(element: Element) -> Iterator[str]:
    """What a page says in the language of its reader, its attributes for screen readers too."""
    if element.tag in SILENT or (element.tag != "html" and "lang" in element.attrib):
        return
    yield element.text or ""
    yield from (element.attrib[name] for name in SPOKEN if name in element.attrib)
    for child in element:
        yield from _spoken(child)
        yield child.tail or ""
