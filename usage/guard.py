"""What guards the line of a child: the content filter on both sides, and answers that explain instead of solving."""

from collections.abc import Iterable
from functools import cache

import orjson
from django.conf import settings
from django.utils.module_loading import import_string
from msgspec.structs import replace

from models_catalog.providers.base import ChatRequest, Chunk, Json
from portal.kit.refusals import Refusal, gettext_noop
from usage import filters
from usage.filters import Blocked, Filter, Window

__all__ = ["Blocked", "Guard", "HeldBack", "NoTools", "check", "check_all", "tutored"]

CONTENT_FILTER = "content_filter"
"""The finish reason of an answer that was held back."""
TEXT, REASONING = "text", "reasoning"
TUTOR = (
    "You are a patient tutor of a child. Explain and ask, and never hand over the finished solution of a task: lead"
    " to it in small steps, say what to look at, check what the child tried, and praise good thinking. Use simple"
    " words and answer in the child's language."
)


class HeldBack(Refusal):
    """The filter does not let a child's question through; `category` says why, "unavailable" that it could not look."""

    code = "content_filtered"
    status = 403
    sentence = gettext_noop(
        "This question stays here; nothing was sent or charged. Ask it another way, or ask a grown-up."
    )


class NoPersonalData(HeldBack):
    """The question holds a number, an address or a name that nobody should give away."""

    sentence = gettext_noop(
        "There is something personal in it: a number, an address, a name. Leave it out and ask again; nothing was sent."
    )


class Worried(HeldBack):
    """The question sounds as if the child needs somebody now."""

    sentence = gettext_noop(
        "That sounds hard. You are not alone: talk to somebody you trust now, or call 12355, the line for young people."
        " Nothing was sent or charged."
    )


class NoFilterNow(HeldBack):
    """The filter could not look, so nothing goes through."""

    status = 503
    sentence = gettext_noop(
        "We cannot check questions at the moment, so none goes out. Nothing was charged; try again."
    )


class NoTools(Refusal):
    """Tools act in the world, and a child's line does not."""

    code = "no_tools"
    status = 403
    sentence = gettext_noop("tools: a child's line uses none. Nothing was charged; ask without them.")


_NO = {"personal_data": NoPersonalData, "self_harm": Worried, "unavailable": NoFilterNow}


def check(request: ChatRequest, *, tier: str) -> None:
    """This will refuse a child's question that the filter does not let through. Raises `HeldBack` and `NoTools`.

    What the model said before is not looked at again: the portal itself wrote it into the question.
    """
    _check([message for message in request.messages if message.get("role") != "assistant"], request, tier=tier)


def check_all(request: ChatRequest, *, tier: str) -> None:
    """This will refuse the same of a question that came by a key: its sender may have written the model's side too."""
    _check(request.messages, request, tier=tier)


def _check(messages: list[Json], request: ChatRequest, *, tier: str) -> None:
    if request.tools:
        raise NoTools
    shape = [" ".join(_words(request.response_format))] if request.response_format else []
    for text in filter(None, [*(text for message in messages for text in _texts(message)), *shape]):
        verdict = filters.check_safely(_judge(), text, tier=tier)
        if not verdict.is_allowed:
            raise _NO.get(verdict.category, HeldBack)(category=verdict.category)


def tutored(request: ChatRequest) -> ChatRequest:
    """This will ask the model to explain instead of solving, before everything else that it is told."""
    return replace(request, messages=[{"role": "system", "content": TUTOR}, *request.messages])


class Guard:
    """Looks at an answer on its way to a child and holds the last of it back until it is known to be harmless."""

    def __init__(self, *, tier: str) -> None:
        self._tier = tier
        self._windows: dict[tuple[int, str], Window] = {}

    def pass_on(self, chunk: Chunk) -> list[Chunk]:
        """This will return what may be passed on now. Raises `Blocked`."""
        text = self._window(chunk.index, TEXT).feed(chunk.text) if chunk.text else ""
        reasoning = self._window(chunk.index, REASONING).feed(chunk.reasoning) if chunk.reasoning else ""
        passed = [Chunk(text=text, reasoning=reasoning, index=chunk.index)] if text or reasoning else []
        if chunk.finish_reason:
            passed += [*self.rest(chunk.index), Chunk(finish_reason=chunk.finish_reason, index=chunk.index)]
        return passed

    def rest(self, index: int | None = None) -> list[Chunk]:
        """This will return what was held back of one choice, or of all. Raises `Blocked`."""
        passed = []
        for (place, kind), window in list(self._windows.items()):
            if index is None or place == index:
                del self._windows[place, kind]
                if held := window.finish():
                    passed.append(Chunk(index=place, text=held) if kind == TEXT else Chunk(index=place, reasoning=held))
        return passed

    def _window(self, index: int, kind: str) -> Window:
        key = (index, kind)
        if key not in self._windows:
            self._windows[key] = Window(_judge(), tier=self._tier)
        return self._windows[key]


def _texts(message: Json) -> Iterable[str]:
    """All that somebody put into words in a message, in what it calls too."""
    content = message.get("content") or ""
    parts = [{"text": content}] if isinstance(content, str) else content
    yield from (part.get("text") or part.get("refusal") or "" for part in parts)
    yield message.get("name") or ""
    for call in message.get("tool_calls") or ():
        yield " ".join([call["function"]["name"], *_words(_read(call["function"]["arguments"]))])


def _read(arguments: str) -> object:
    """Escapes would hide words; what is no JSON hides none."""
    try:
        return orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return arguments


def _words(value: object) -> list[str]:
    """All names and values in what was read from JSON, in their order; it may be nested deeper than calls can be."""
    words, left = [], [value]
    while left:
        match left.pop():
            case dict() as found:
                left += [each for pair in reversed(found.items()) for each in reversed(pair)]
            case list() as found:
                left += reversed(found)
            case found:
                words.append(str(found))
    return words


@cache
def _judge() -> Filter | None:
    """None where none is set or it cannot be made: then every verdict is a no."""
    try:
        judge: Filter = import_string(settings.CONTENT_FILTER)()
    except (ImportError, TypeError):
        return None
    return judge
