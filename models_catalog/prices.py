"""Changes to prices: a new row from a moment on, never an edit."""

from dataclasses import asdict
from datetime import datetime

from django.db import IntegrityError, transaction

from models_catalog.models import ChatModel, Price, PublicationStop
from models_catalog.pricing import Rates
from portal.kit.refusals import Refusal, gettext_noop


class PriceInThePast(Refusal):
    """A price cannot begin before it is published."""

    code = "price_in_the_past"
    status = 409
    sentence = gettext_noop("A price can only begin now or later. Please choose a later moment.")


class PriceExists(Refusal):
    """The model already has a price from this very moment on."""

    code = "price_exists"
    status = 409
    sentence = gettext_noop("This model already has a price from that moment on. Please choose another moment.")


class HeldBack(Refusal):
    """The last audit found the books wrong."""

    code = "publication_held_back"
    status = 409
    sentence = gettext_noop(
        "The last audit found the books wrong, so no price is published. See the audits, mend it, and audit again."
    )


def publish(chat_model: ChatModel, *, rates: Rates, active_from: datetime, by: int | None, now: datetime) -> Price:
    """This will add the price of a model from `active_from` on; `by` is the id of the user who publishes it.

    Raises `PriceInThePast`, `PriceExists` and `HeldBack`.
    """
    if PublicationStop.objects.exists():
        raise HeldBack
    if active_from < now:
        raise PriceInThePast
    try:
        with transaction.atomic():
            return Price.objects.create(
                chat_model=chat_model,
                active_from=active_from,
                published_at=now,
                published_by=by,
                **asdict(rates),
            )
    except IntegrityError as error:
        raise PriceExists from error


def hold_back(*, is_wrong: bool, now: datetime) -> None:
    """This will stop the publication of prices while the books are wrong, and let it go on once they are right."""
    if is_wrong:
        PublicationStop.objects.get_or_create(pk=1, defaults={"since": now})
    else:
        PublicationStop.objects.all().delete()
