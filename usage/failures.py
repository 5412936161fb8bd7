"""Why an answer failed, in the words that people read, by the code that its turn keeps."""

from collections.abc import Iterator

from models_catalog.providers.base import UpstreamFailure
from portal.kit.refusals import Refusal, gettext_noop
from usage.calls import endings

LOST = gettext_noop("The answer was lost on its way. The receipt says what was charged; please ask again.")


class OutOfService(Refusal):
    """A server that calls need is away for a moment; nothing was opened."""

    code = "service_unavailable"
    status = 503
    sentence = gettext_noop("The service is restarting. Nothing was charged; please try again in a moment.")
    retry_after_seconds = 1


class StillRunning(Refusal):
    """A call with this idempotency key has not ended yet."""

    code = "idempotency_in_progress"
    status = 409
    sentence = gettext_noop("The same request is still running. Nothing more was charged; ask again shortly.")
    retry_after_seconds = 1


class AnswerNotKept(Refusal):
    """A call with this idempotency key has ended, but its answer is not kept."""

    code = "idempotency_answer_gone"
    status = 422
    sentence = gettext_noop(
        "This idempotency key belongs to a call whose answer is gone. Nothing more was charged; use a new key."
    )


def sentence_of(code: str) -> str:
    """This will return the sentence of a failure's code, not yet translated."""
    return endings.SENTENCES.get(code) or _upstream_sentences().get(code, LOST)


def _upstream_sentences() -> dict[str, str]:
    return {failure.code: failure.sentence for failure in _below(UpstreamFailure)}


def _below(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
    yield refusal
    for child in refusal.__subclasses__():
        yield from _below(child)
