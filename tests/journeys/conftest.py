"""A real browser for the journeys: Debian's Chromium, started for one file of them and gone after it.

While it runs, its event loop stands in this thread and Django's ORM cannot be used; `stand.rows` can.
With JOURNEYS=all in the environment each journey is made in every look, as `make prove` does it.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.stand import Stand

if TYPE_CHECKING:
    from tests.journeys.visitor import Visitor

WIDE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
SMALL = {"width": 360, "height": 720}
LOOKS = {
    "wide in English": ("en", WIDE, "light"),
    "a phone in Chinese": ("zh-hans", PHONE, "dark"),
    "wide in Chinese": ("zh-hans", WIDE, "light"),
    "a phone in English": ("en", PHONE, "dark"),
}
SEEN = list(LOOKS) if os.environ.get("JOURNEYS") == "all" else list(LOOKS)[:2]
in_every_look = pytest.mark.parametrize(("language", "size", "scheme"), [LOOKS[name] for name in SEEN], ids=SEEN)
in_every_size = pytest.mark.parametrize(("language", "size"), [LOOKS[name][:2] for name in SEEN], ids=SEEN)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "a journey needs a browser: apt-get install chromium fonts-noto-cjk"
    flags = ["--no-sandbox", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, stand: Stand) -> "Iterator[Callable[..., Visitor]]":
    """Lets a visitor in, with a window of this size."""
    from tests.journeys.visitor import Visitor

    stand.wait_until(stand.is_ready)
    with ExitStack() as open_contexts:

        def visitor(size: dict[str, int], **options: Any) -> Visitor:
            settings: dict[str, Any] = {"viewport": size, "locale": "en-US", "reduced_motion": "reduce", **options}
            return Visitor(open_contexts.enter_context(chromium.new_context(**settings)), stand)

        yield visitor
