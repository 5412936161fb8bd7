"""How ways to pay are named, and a code to scan is drawn."""

import qrcode
from django import template
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from qrcode.image.svg import SvgPathFillImage

from plans import payment_providers

register = template.Library()


@register.filter
def way_name(provider: str) -> str:
    """This will name a way to pay in the reader's language."""
    known = payment_providers.WAYS.get(provider)
    return gettext(known.label) if known else provider


@register.simple_tag
def qr(text: str) -> str:
    """This will draw `text` as a code to scan: an SVG of paths alone, dark on white whatever the palette."""
    image = qrcode.make(text, image_factory=SvgPathFillImage, border=4, box_size=10)
    return mark_safe(str(image.to_string(encoding="unicode")))  # noqa: S308 - squares, drawn by the library
