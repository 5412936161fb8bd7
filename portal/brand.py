"""Whose portal this is: the brand's row, its color as a stylesheet, its logo as a picture."""

import re
import time
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portal.models import Brand

CACHE_SECONDS = 5.0
LARGEST_LOGO_BYTES = 200_000
LEAST_CONTRAST = 4.5
_COLOR = re.compile(r"#[0-9a-f]{6}", re.ASCII)
_SIGNATURES = {"image/png": re.compile(rb"\x89PNG\r\n\x1a\n"), "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL)}
_STYLESHEET = """@layer tokens {{ :root {{
  --tap: light-dark({0}, color-mix(in oklch, {0} 55%, white));
  --tap-bg: light-dark(color-mix(in oklch, {0} 9%, white), color-mix(in oklch, {0} 30%, black));
}} }}
"""


@dataclass
class _Kept:
    brand: Brand | None = None
    until: float = 0.0


_kept = _Kept()


def current() -> Brand:
    """This will return the brand, asked for at most every five seconds a process."""
    if _kept.brand is None or _kept.until < time.monotonic():
        _kept.brand = Brand.objects.first() or Brand()
        _kept.brand.site_name = str(_kept.brand)
        _kept.until = time.monotonic() + CACHE_SECONDS
    return _kept.brand


def forget() -> None:
    """This will make this process ask again at once, after staff changed the brand."""
    _kept.brand = None


def logo_type(content: bytes) -> str | None:
    """This will return the media type of a PNG or WebP picture by its first bytes, and nothing for all else."""
    return next((name for name, signature in _SIGNATURES.items() if signature.match(content)), None)


def is_color(text: str) -> bool:
    """This will tell whether `text` is a color such as "#00707a"."""
    return _COLOR.fullmatch(text) is not None


def contrast_with_white(color: str) -> float:
    """This will return the contrast ratio of `color` ("#00707a") and white (WCAG 2.2, relative luminance)."""
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)  # noqa: PLR2004 - sRGB's own constants
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


@require_safe
def stylesheet(_request: HttpRequest) -> HttpResponse:
    """This will answer the accent as a stylesheet, because the content security policy forbids inline styles."""
    accent = current().accent
    text = _STYLESHEET.format(accent) if is_color(accent) else ""
    return HttpResponse(text, content_type="text/css", headers={"Cache-Control": "public, max-age=60"})


@require_safe
def logo(_request: HttpRequest) -> HttpResponse:
    """This will answer the logo."""
    content = bytes(current().picture or b"")
    media_type = logo_type(content)
    if media_type is None:
        raise Http404
    return HttpResponse(content, content_type=media_type, headers={"Cache-Control": "public, max-age=86400"})
