"""What every provider client takes, gives and fails with.

UpstreamFailure            the upstream did not do it; nothing of it is shown to the customer
├── Unreachable            no connection was made, so nothing ran there: another route may be tried
├── Overloaded             it said "not now" (429, 5xx): may be tried again after `retry_after_seconds`
├── KeyRejected            it does not accept our key (401, 403): ours to repair
│   ├── Unpaid             our account with it is empty (402)
│   └── NotThere           it has no such model, or no such address (404)
├── Refused                it will not answer this request (400 …): the caller's to change
├── BadAnswer              what came is no answer (HTML, wrong type, redirect, compressed, garbage, too much)
├── Silent                 it said nothing for too long, before or after the first byte
└── Cut                    the connection broke after the request was sent
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import msgspec

from portal.kit.refusals import Refusal, gettext_noop

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RouteOffer:
    """One way to a model, with all that a client needs to take it."""

    route_id: int
    upstream_slug: str
    upstream_model: str
    base_url: str
    dialect: str
    secret: str = field(repr=False)
    region: str
    concurrency: int
    first_byte_timeout_seconds: float
    idle_timeout_seconds: float
    hard_deadline_seconds: float
    is_mainland: bool = False
    is_never_trained: bool = False
    on_leave: str = "cancel"
    """What becomes of an answer whose caller has left: cancel, drain or free."""
    loopback: bool = False
    """Whether the upstream may stand on this machine."""
    private: bool = False
    """Whether the upstream may stand in a private network."""

    @property
    def queue(self) -> str:
        """The queue that its upstream's calls wait in."""
        return f"calls.{self.upstream_slug}"


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One question to a model, rebuilt from an allow-list; `model` is what the caller asked for."""

    model: str
    messages: list[Json]
    stream: bool = False
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: list[str] | None = None
    n: int = 1
    tools: list[Json] | None = None
    tool_choice: str | Json | None = None
    response_format: Json | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    include_usage: bool = False
    user: str = ""


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """The upstream took the request; `served_model` is the name it answers with."""

    served_model: str


class Chunk(msgspec.Struct, frozen=True, omit_defaults=True, tag="chunk"):
    """A piece of an answer; `tool_calls` are the upstream's raw deltas."""

    text: str = ""
    reasoning: str = ""
    tool_calls: list[Json] | None = None
    finish_reason: str | None = None
    index: int = 0


class RawUsage(msgspec.Struct, frozen=True, tag="usage"):
    """The upstream's own usage object, unread; a later one replaces an earlier one."""

    usage: Json


Event = Accepted | Chunk | RawUsage


class Listed(msgspec.Struct, frozen=True):
    """A model that an upstream lists; figures that it does not tell are 0."""

    name: str
    context_tokens: int = 0
    max_output_tokens: int = 0


class Client(Protocol):
    """What asks one route."""

    def stream(self, request: ChatRequest, *, call_id: str, output_limit: int | None) -> AsyncGenerator[Event, None]:
        """This will ask, and give the answer as it arrives: Accepted first, then chunks, and usage if told.

        Close the generator (`contextlib.aclosing`) to hang up. Raises an `UpstreamFailure`; one that is
        `retriable` and comes before Accepted may be asked again.
        """

    async def list_models(self) -> tuple[Listed, ...]:
        """This will ask which models there are; a long list is cut. Raises an `UpstreamFailure`."""


class UpstreamFailure(Refusal):
    """The upstream did not do it."""

    code = "upstream_failed"
    status = 502
    sentence = gettext_noop("The model did not answer. Nothing was lost; please try again in a moment.")
    retriable: ClassVar[bool] = False
    """Whether the same question may be asked again, there or elsewhere, before anything was answered."""


class Unreachable(UpstreamFailure):
    """No connection was made, so nothing ran there."""

    code = "upstream_unreachable"
    sentence = gettext_noop("The model cannot be reached right now. You were not charged; please try again.")
    retriable = True


class Overloaded(UpstreamFailure):
    """The upstream said "not now"; `wait_seconds` is what it asked for, 0 when it did not say."""

    code = "upstream_overloaded"
    status = 503
    sentence = gettext_noop("The model is very busy. You were not charged; please try again in a moment.")
    retriable = True

    def __init__(self, *, wait_seconds: float = 0.0) -> None:
        super().__init__()
        self.wait_seconds = wait_seconds


class Failing(Overloaded):
    """The upstream broke on the question; like an overloaded one it may be well again in a moment."""

    sentence = gettext_noop("The model has a fault right now. You were not charged; please try again in a moment.")


class KeyRejected(UpstreamFailure):
    """The upstream does not accept our key: ours to repair, nothing the caller could change."""

    code = "model_unavailable"
    status = 503
    sentence = gettext_noop("This model is out of service. You were not charged; please choose another one.")


class Unpaid(KeyRejected):
    """Our account with the upstream is empty."""


class NotThere(KeyRejected):
    """The upstream has no such model, or no such address."""


class Refused(UpstreamFailure):
    """The upstream will not answer this request; its own words are never passed on."""

    code = "invalid_request_error"
    status = 400
    sentence = gettext_noop("The model does not accept this request. You were not charged; please change it.")


class TooLong(Refused):
    """The request does not fit the model's context."""

    code = "context_length_exceeded"
    sentence = gettext_noop("This is too long for the model. You were not charged; please shorten it.")


class ContentRefused(Refused):
    """The upstream's policy forbids the content."""

    code = "content_policy_violation"
    sentence = gettext_noop("The model's rules forbid this content. You were not charged; please rephrase it.")


class BadAnswer(UpstreamFailure):
    """What came is no answer."""

    code = "upstream_bad_answer"
    sentence = gettext_noop("The model's answer could not be read. Please try again, or choose another model.")


class Silent(UpstreamFailure):
    """The upstream said nothing for too long."""

    code = "upstream_timeout"
    status = 504
    sentence = gettext_noop("The model took too long to answer. Please try again, or choose another model.")


class Cut(UpstreamFailure):
    """The connection broke after the request was sent."""

    code = "upstream_cut"
    sentence = gettext_noop("The connection to the model broke. Please try again, or choose another model.")
