"""Reads JSON as strictly as money asks for: no duplicate keys, no NaN, no huge numbers, no deep nesting."""

import json
import math
from typing import Any

from portal.kit.refusals import Refusal, gettext_noop

DEEPEST = 32
LONGEST_INTEGER = 20
SMALLEST_INTEGER, PAST_INTEGERS = -(2**63), 2**64
"""Between them are the numbers that a call can be handed over with; no other program counts further either."""


class BadJson(Refusal):
    """The body is not JSON that can be trusted to mean one thing."""

    code = "invalid_json"
    status = 400
    sentence = gettext_noop("The body is not valid JSON: {problem}. Nothing was charged; please correct it.")


def parse(body: bytes) -> Any:
    """This will return the value that `body` holds, or raise `BadJson`."""
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_constant,
        )
    except UnicodeDecodeError:
        raise BadJson(problem="it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise BadJson(problem=f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise BadJson(problem="it is nested too deeply") from None
    _check_depth(value, DEEPEST)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadJson(problem="a name stands twice in one object")
    return found


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER or not SMALLEST_INTEGER <= (value := int(digits)) < PAST_INTEGERS:
        raise BadJson(problem="a number is too long")
    return value


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise BadJson(problem="a number is too large")
    return value


def _constant(name: str) -> float:
    raise BadJson(problem=f"{name} is not a number in JSON")


def _check_depth(value: object, left: int) -> None:
    if isinstance(value, dict):
        parts: Any = value.values()
    elif isinstance(value, list):
        parts = value
    else:
        return
    if left == 0:
        raise BadJson(problem="it is nested too deeply")
    for part in parts:
        if part.__class__ in {dict, list}:
            _check_depth(part, left - 1)
