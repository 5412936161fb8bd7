"""Why an answer failed, in the words that people read, by the code that its turn keeps."""

from collections.abc import Iterator

from models_catalog.providers.base import UpstreamFailure
from portal.kit.refusals import Refusal, gettext_noop
from usage.calls import endings

LOST = gettext_noop("The answer was lost on its way. The receipt says what was charged; please ask again.")


def sentence_of(code: str) -> str:
    """This will return the sentence of a failure's code, not yet translated."""
    return endings.SENTENCES.get(code) or _upstream_sentences().get(code, LOST)


def _upstream_sentences() -> dict[str, str]:
    return {failure.code: failure.sentence for failure in _below(UpstreamFailure)}


def _below(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
    yield refusal
    for child in refusal.__subclasses__():
        yield from _below(child)
