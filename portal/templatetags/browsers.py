"""Browsers in words that people know, out of the long lines in which browsers introduce themselves."""

from django import template
from django.utils.translation import gettext as _

register = template.Library()

BROWSERS = (
    ("MicroMessenger/", "WeChat"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""The first that is named counts: most of them also claim to be those after them."""
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


@register.filter
def browser(line: str) -> str:
    """This will return "Firefox, Windows" for the line that such a browser sends, as far as it says."""
    known = [next((name for mark, name in names if mark in line), "") for names in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, known)) or _("Another program")
