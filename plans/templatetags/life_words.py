"""Writes what credits mean in life: so many homework questions, letters or pages."""

from collections.abc import Mapping

from babel.lists import format_list
from django import template
from django.utils.translation import get_language, gettext, ngettext

from plans.meaning import AGENT_HOUR, HOMEWORK_QUESTION, LETTER, PAGE, Meaning

register = template.Library()


@register.filter
def things(meaning: Meaning | None) -> str:
    """This will write how many of each an amount pays for: 1,200 homework questions, 480 letters, or 900 pages.

    What it does not pay for once is left out; nothing where that is all of it.
    """
    if meaning is None:
        return ""
    said = [_said(kind, number) for kind, number in meaning.counts.items() if number]
    locale = "zh_Hans" if (get_language() or "").startswith("zh") else "en"
    return str(format_list(said, style="or", locale=locale))


@register.filter
def kind_name(kind: str) -> str:
    """This will name one thing of a kind."""
    names: Mapping[str, str] = {
        HOMEWORK_QUESTION: gettext("A homework question"),
        LETTER: gettext("A letter"),
        PAGE: gettext("A translated page"),
        AGENT_HOUR: gettext("An hour of a coding agent"),
    }
    return names[kind]


def _said(kind: str, number: int) -> str:
    match kind:
        case "homework":
            said = ngettext("{number} homework question", "{number} homework questions", number)
        case "letter":
            said = ngettext("{number} letter", "{number} letters", number)
        case "page":
            said = ngettext("{number} translated page", "{number} translated pages", number)
        case _:
            said = ngettext("{number} hour of a coding agent", "{number} hours of a coding agent", number)
    return said.format(number=f"{number:,}")
