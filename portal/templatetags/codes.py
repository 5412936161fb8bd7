"""Draws the code of a link, which a camera reads, as the path of an SVG."""

import qrcode
from django import template

register = template.Library()

BORDER = 3


@register.inclusion_tag("elements/code.html")
def code(link: str, label: str) -> dict[str, object]:
    """This will draw `link` as a QR code (ISO/IEC 18004) that `label` names for those who cannot see it."""
    drawn = qrcode.QRCode(border=BORDER, error_correction=qrcode.constants.ERROR_CORRECT_M)
    drawn.add_data(link)
    drawn.make()
    rows = drawn.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
    return {"path": path, "size": len(rows), "label": label, "link": link}
