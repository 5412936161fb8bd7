"""What all dialects have in common in reading: strict JSON, bounds on every field, and a refusal that names it."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from models_catalog.providers.base import ChatRequest
from portal.kit.refusals import Refusal, gettext_noop
from usage.dialects import strict_json

Json = dict[str, Any]
Short = Annotated[str, Meta(max_length=256)]
Name = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_.:/-]+$")]
Positive = Annotated[int, Meta(ge=1, le=10_000_000)]
UNREAD = "[An image or a file that cannot be shown here]"
"""What a model reads instead of what its tool gave back."""
MOST_TOLD = 200
"""How many characters of what is wrong are told: the words may be the caller's own."""
Fields = TypeVar("Fields")
Question = TypeVar("Question", bound=ChatRequest)


class BadRequest(Refusal):
    """A field of the request is not what the dialect allows."""

    code = "invalid_value"
    status = 400
    sentence = gettext_noop("{problem}. Nothing was charged; please correct the request.")


def read(body: bytes, shape: type[Fields], *, rebuild: Callable[[Fields], Question]) -> Question:
    """This will read `body` as `shape`, an allow-list of fields, and rebuild the request from them.

    Raises `strict_json.BadJson` and `BadRequest`.
    """
    try:
        request = rebuild(msgspec.convert(strict_json.parse(body), shape))
        msgspec.json.encode(request)  # fails on half a surrogate pair, which no upstream could be sent
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `$")
        name = place.rstrip("`").lstrip(".")
        problem = problem if len(problem) <= MOST_TOLD else f"{problem[:MOST_TOLD]}…"
        raise BadRequest(problem=f"{name}: {problem}" if name else problem, param=name or None) from None
    except UnicodeEncodeError:
        raise BadRequest(problem="a character is only half there") from None
    if "\0" in request.user:
        raise BadRequest(problem="user: the character NUL is not allowed", param="user")
    return request


def convert(value: Json, shape: type[Fields], *, place: str) -> Fields:
    """This will read one object of a body as `shape`; what is wrong is placed in the whole, as `read` does.

    Raises `msgspec.ValidationError`.
    """
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        problem, _, within = str(error).partition(" - at `$")
        where = f"{problem} - at `$.{place}{within.rstrip('`')}`"
        raise msgspec.ValidationError(where) from None
