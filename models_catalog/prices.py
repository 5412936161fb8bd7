"""Changes to prices: a new row from a moment on, never an edit."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from models_catalog import margins, price_terms, promises
from models_catalog.models import ChatModel, Price, PriceTier, PublicationStop
from models_catalog.price_terms import Terms
from models_catalog.pricing import Rates, Tariff
from portal.kit import clock, database
from portal.kit.refusals import Refusal, gettext_noop

LARGEST_JUMP = 20
PLAIN = Terms()


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


class PriceJumps(Refusal):
    """A rate is far from what it was, or from its base: most likely somebody typed wrong."""

    code = "price_jumps"
    status = 409
    sentence = gettext_noop(
        "More than {times} times what counts now, or less than its part: {names}. If that is meant, please say so."
    )


def publish(
    chat_model: ChatModel, *, rates: Rates, active_from: datetime, by: int | None, now: datetime, terms: Terms = PLAIN
) -> Price:
    """This will add the price of a model from `active_from` on; `by` is the id of the user who publishes it.

    Calls that are being opened stand first, and later ones find the price: one that is to begin at once begins when
    they do, by the database's clock, which is a moment after `now`. Raises what `check` raises.
    """
    check(chat_model, rates=rates, active_from=active_from, now=now, terms=terms)
    return write(chat_model, rates=rates, active_from=active_from, by=by, terms=terms)


def write(chat_model: ChatModel, *, rates: Rates, active_from: datetime, by: int | None, terms: Terms = PLAIN) -> Price:
    """This will add a price that `check` has just let pass; no call is opened from here to the transaction's end.

    Raises `PriceExists`.
    """
    try:
        with transaction.atomic():
            database.value("SELECT pg_advisory_xact_lock(hashtext('prices'))::text")
            published_at = clock.now()
            when = {"active_from": max(active_from, published_at), "published_at": published_at, "published_by": by}
            base = _add(chat_model, Tariff(rates, terms.tiers), when)
            for window in terms.windows:
                hours = window.hours
                spans = {"weekdays": sorted(hours.weekdays), "starts_at": hours.starts_at, "ends_at": hours.ends_at}
                _add(chat_model, window.tariff, when | spans | {"base": base})
    except IntegrityError as error:
        raise PriceExists from error
    return base


def check(chat_model: ChatModel, *, rates: Rates, active_from: datetime, now: datetime, terms: Terms = PLAIN) -> None:
    """This will refuse what cannot be published.

    Raises `HeldBack`, `PriceInThePast`, `PriceExists`, `PriceJumps`, `margins.BelowCost`, `promises.DearerTooSoon` and
    those of `price_terms`.
    """
    if PublicationStop.objects.exists():
        raise HeldBack
    if active_from < now:
        raise PriceInThePast
    if Price.objects.filter(chat_model=chat_model, base=None, active_from=active_from).exists():
        raise PriceExists
    price_terms.check_shape(chat_model, rates, terms)
    if not terms.is_sure:
        _check_jumps(chat_model, rates, terms, at=active_from)
    if not terms.accepts_loss:
        margins.check(chat_model, price_terms.rows(rates, terms), at=active_from)
    promises.check(chat_model, rates, terms, active_from=active_from, now=now)


def hold_back(*, is_wrong: bool, now: datetime) -> None:
    """This will stop the publication of prices while the books are wrong, and let it go on once they are right."""
    if is_wrong:
        PublicationStop.objects.get_or_create(pk=1, defaults={"since": now})
    else:
        PublicationStop.objects.all().delete()


def _add(chat_model: ChatModel, tariff: Tariff, columns: dict[str, Any]) -> Price:
    row = Price.objects.create(chat_model=chat_model, **columns, **asdict(tariff.rates))
    PriceTier.objects.bulk_create(
        PriceTier(price=row, from_input_tokens=tier.from_input_tokens, **asdict(tier.rates)) for tier in tariff.tiers
    )
    return row


def _check_jumps(chat_model: ChatModel, rates: Rates, terms: Terms, *, at: datetime) -> None:
    """Longer calls and special hours are held against the base that they are published with."""
    before = Price.objects.in_force(now=at).filter(chat_model=chat_model).first()
    found = set() if before is None else jumps(before.rates, rates, is_free=terms.is_free)
    for row in price_terms.rows(rates, terms):
        found |= jumps(rates, row.rates, is_free=terms.is_free)
    if found:
        labels = [str(field.verbose_name) for field in Price._meta.fields if field.name in found]
        raise PriceJumps(times=LARGEST_JUMP, names=", ".join(labels))


def jumps(before: Rates, after: Rates, *, is_free: bool) -> set[str]:
    """This will name the classes whose rate is more than 20 times what it was, or less than its part."""
    found = set()
    for name in Rates.__dataclass_fields__:
        old, new = int(getattr(before, name)), int(getattr(after, name))
        if (new > old * LARGEST_JUMP or new * LARGEST_JUMP < old) and not (is_free and new == 0):
            found.add(name)
    return found
