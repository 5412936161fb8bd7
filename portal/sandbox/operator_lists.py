"""Lists of the sandbox operator: which payments or refunds a question finds, and which page of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from portal.sandbox.operator_answers import INVALID, OUT_OF_RANGE, Answer, Refused, invalid_date_range
from portal.sandbox.operator_course import Course

PAGE_SIZE, LARGEST_PAGE_SIZE = 10, 1000
_LARGEST_DIGITS = 9

Query = Mapping[str, Sequence[str]]
Listed = TypeVar("Listed", bound=Course)


@dataclass(frozen=True)
class Question:
    """What a list is asked for; no statuses mean all of them, an empty merchant anyone's."""

    page: int
    size: int
    since: datetime | None
    until: datetime | None
    newest_first: bool
    statuses: frozenset[str]
    merchant: str

    def finds(self, course: Course, merchant: str) -> bool:
        """This will tell whether something answers the question."""
        return (
            (self.since is None or course.created_at >= self.since)
            and (self.until is None or course.created_at <= self.until)
            and self.merchant in {"", merchant}
        )


@dataclass(frozen=True)
class Kind:
    """What is listed: the first part of its parameters and codes, its statuses, and how it is read and shown."""

    noun: str
    interface: str
    statuses: frozenset[str]
    merchant_of: Callable[[Any], str]
    shown: Callable[[Any], dict[str, Any]]


def answer(query: Query, kind: Kind, courses: Sequence[Listed]) -> Answer:
    """This will return the page of `courses`, which come oldest first, that a query wants. Raises `Refused`."""
    question = read(query, kind)
    found = [course for course in courses if question.finds(course, kind.merchant_of(course))]
    shown = [kind.shown(course) for course in (reversed(found) if question.newest_first else found)]
    status = f"{kind.noun}Status"
    wanted = [one for one in shown if not question.statuses or one[status] in question.statuses]
    start = (question.page - 1) * question.size
    page = wanted[start : start + question.size]
    headers = {"content-last-key": str(start + len(page)), "x-total-count": str(len(wanted))}
    return Answer(200, page, headers)


def read(query: Query, kind: Kind) -> Question:
    """This will read the parameters of a list. Raises `Refused`."""
    statuses = frozenset(query.get(f"{kind.noun}Status", ()))
    order = _one(query, "order", "desc")
    since = _moment(query, f"{kind.noun}CreationDate.gte")
    until = _moment(query, f"{kind.noun}CreationDate.lte")
    page, size = _number(query, "page", 1), _number(query, "perPage", PAGE_SIZE)
    if order not in {"asc", "desc"} or not statuses <= kind.statuses:
        raise Refused(INVALID)
    if since and until and since > until:
        raise Refused(invalid_date_range(kind.interface))
    if page < 1 or not 1 <= size <= LARGEST_PAGE_SIZE:
        raise Refused(OUT_OF_RANGE)
    merchant = _one(query, "merchantIdentifier")
    return Question(page, size, since, until, order == "desc", statuses, merchant)


def _one(query: Query, name: str, default: str = "") -> str:
    """What is said once and not empty, or else the default."""
    said = query.get(name)
    if said is None:
        return default
    if len(said) != 1 or not said[0]:
        raise Refused(INVALID)
    return said[0]


def _number(query: Query, name: str, default: int) -> int:
    said = _one(query, name, str(default))
    digits = said.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise Refused(INVALID)
    if len(digits) > _LARGEST_DIGITS:
        raise Refused(OUT_OF_RANGE)
    return int(said)


def _moment(query: Query, name: str) -> datetime | None:
    said = _one(query, name)
    if not said:
        return None
    try:
        moment: datetime = msgspec.convert(said, Annotated[datetime, Meta(tz=True)])
    except msgspec.ValidationError as error:
        raise Refused(INVALID) from error
    return moment
