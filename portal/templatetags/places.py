"""Where the reader is: which link of a menu leads to the page that is shown."""

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag(takes_context=True)
def here(context: Context, prefix: str) -> SafeString:
    """This will write `aria-current="page"` when the page's address begins with `prefix` ("/" is only home)."""
    request = context.get("request")
    path = request.path if request is not None else ""
    is_here = path == "/" if prefix == "/" else path.startswith(prefix)
    return mark_safe('aria-current="page"' if is_here else "")  # noqa: S308 - two constants


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """This will return the theme that the reader chose, "light" or "dark", or nothing."""
    request = context.get("request")
    chosen = request.COOKIES.get("theme", "") if request is not None else ""
    return chosen if chosen in {"light", "dark"} else ""
