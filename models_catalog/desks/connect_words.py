"""What the page on which a vendor is connected says of a test, and writes down of what is published."""

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext

from models_catalog import probes
from models_catalog.connecting import Terms, Wish
from models_catalog.probes import Probed


def found(probed: Probed) -> str:
    """This will say what a test found, and what to do if it did not pass."""
    said = [gettext("Models listed: %(count)d.") % {"count": len(probed.listed)}] if probed.listed else []
    if probed.failure is not None:
        if probed.called:
            said.append(gettext("The test call to “%(model)s” failed.") % {"model": probed.called})
        return " ".join([*said, gettext(probes.words_of(probed.failure))])
    if not probed.called:
        return gettext("It answers, but lists no model. Name one for the test call.")
    answered = {"model": probed.called, "seconds": f"{probed.milliseconds / 1000:.2f}", "words": probed.words}
    said.append(gettext("“%(model)s” answered in %(seconds)s s: “%(words)s”") % answered)
    if probed.input_tokens or probed.output_tokens:
        told = {"input": probed.input_tokens, "output": probed.output_tokens}
        said.append(gettext("Usage as told: %(input)d tokens in, %(output)d out.") % told)
    else:
        said.append(gettext("It did not tell what was used, so calls are counted here."))
    return " ".join(said)


def told(wish: Wish, terms: Terms | None) -> dict[str, Any]:
    """This will return what is kept of a model that was published: all its rates, and what was noted as its cost."""
    details: dict[str, Any] = {"upstream_model": wish.upstream_model}
    if wish.rates is not None:
        said = {"is_free": wish.said.is_free, "is_sure": wish.said.is_sure, "accepts_loss": wish.said.accepts_loss}
        details |= asdict(wish.rates) | said
    if wish.cost and terms is not None:
        noted = {name: str(value) for name, value in vars(terms).items()}
        details["cost"] = dict(wish.cost) | noted
    return details
