"""How a sentence that was marked for translation is said to people."""

from collections.abc import Mapping

from django.utils.translation import gettext


def say(sentence: str, details: Mapping[str, object]) -> str:
    """This will say `sentence` in the reader's language, each `{name}` in it filled from `details`."""
    return gettext(sentence).format_map(dict(details))
