"""What an expected "no" is: a stable code, a status and one sentence for people."""

from collections.abc import Mapping
from typing import ClassVar


def gettext_noop(sentence: str) -> str:
    """This will mark `sentence` for translation at the edge, without knowing Django."""
    return sentence


class Refusal(Exception):
    """An expected "no". Subclass it beside the verb that says it.

    `code` is stable and for machines, `status` is the HTTP status, `sentence` is for people and says what to
    do next; `{name}` in it is filled from `details`, which also travel as metadata in the answer.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    sentence: ClassVar[str] = gettext_noop("This is not possible.")
    retry_after_seconds: int | None = None

    def __init__(self, **details: object) -> None:
        super().__init__(self.code)
        self.details: Mapping[str, object] = details

    def __str__(self) -> str:
        return self.sentence.format_map(dict(self.details))
