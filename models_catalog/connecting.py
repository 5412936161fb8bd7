"""Connects a vendor: keeps an upstream that was tested, finds its models in the catalog, and makes them callable."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from models_catalog import catalog, margins, price_terms, prices, publishing, upstreams, vendor_prices
from models_catalog.models import ChatModel, FoundModel, Price, Route, Upstream, Vendor
from models_catalog.models.chat_model import MODEL_SLUG_PATTERN
from models_catalog.pricing import Rates
from models_catalog.probes import Probed
from models_catalog.vendor_prices import Note
from portal.kit.refusals import Refusal, gettext_noop

TYPED = ("name", "vendor", "base_url", "dialect", "region", "is_mainland", "is_never_trained", "may_be_private")
"""What is written of an upstream before it is tested; all else of it is changed elsewhere."""
FIRST_CAPABILITIES = ("text", "streaming")


class Moved(Refusal):
    """Address, network or key of the upstream are not those any more that the test began with."""

    code = "upstream_moved"
    status = 409
    sentence = gettext_noop(
        "Somebody changed the address or the key of this upstream during the test. Load this page again, and look."
    )


class NoPrice(Refusal):
    """The model has no price, and none was given."""

    code = "no_price"
    status = 409
    sentence = gettext_noop("“{model}” has no price yet. Type one.")


class NotConnectable(Refusal):
    """Some of the chosen models cannot be published, so nothing was; `reasons` says why, by name at the upstream."""

    code = "not_connectable"
    status = 409
    sentence = gettext_noop("Nothing was published: beside each model that cannot be yet stands why.")

    def __init__(self, reasons: Mapping[str, Refusal]) -> None:
        super().__init__()
        self.reasons = reasons


@dataclass(frozen=True)
class Standing:
    """Where an upstream stands and with which key, as it was when its test began."""

    base_url: str
    dialect: str
    may_be_private: bool
    sealed_secret: bytes = field(repr=False)


@dataclass(frozen=True)
class Match:
    """A model found at an upstream, and what it is in the catalog, if it is there."""

    found: FoundModel
    chat_model: ChatModel | None
    is_connected: bool = False


@dataclass(frozen=True)
class NewModel:
    """What is asked of a model that the catalog does not know."""

    name: str
    vendor: Vendor
    context_tokens: int
    max_output_tokens: int


@dataclass(frozen=True)
class Wish:
    """A model to publish: its names here and there, `new` if it is, its price (None keeps the one in force).

    `sizes` fills in the context and the longest answer, in tokens, where a known model does not say them.
    `cost` is what the upstream charges, by token class, in millionths of a currency per million tokens. `said` is what
    its publisher says of a price that would be refused otherwise.
    """

    upstream_model: str
    slug: str
    new: NewModel | None = None
    rates: Rates | None = None
    cost: Mapping[str, int] | None = None
    sizes: Mapping[str, int] | None = None
    said: price_terms.Terms = prices.PLAIN


@dataclass(frozen=True)
class Terms:
    """In which currency the upstream charges, what one unit of it is worth here, and where that is written."""

    currency: str
    exchange_rate: Decimal
    source: str
    source_date: date


def standing_of(upstream: Upstream) -> Standing:
    """This will return how the upstream stands; ask before anything that was typed is put into it."""
    return Standing(upstream.base_url, upstream.dialect, upstream.may_be_private, bytes(upstream.sealed_secret))


@transaction.atomic
def keep(
    upstream: Upstream, *, before: Standing | None = None, secret: str, probed: Probed, words: str, now: datetime
) -> Upstream:
    """This will store an upstream as it was tested, with what it lists; a new one stays out of service until `connect`.

    An empty `secret` keeps the present one. A model that was called is found even where none are listed. Of one that
    is there only what is `TYPED` is written, if it still stands as `before` the test. Raises `Moved`.
    """
    if not upstream.pk:
        upstream.slug = upstreams.free_slug(upstream)
        upstream.disabled_at = now
        upstream.save()
    else:
        _check_standing(upstream, before)
        upstream.save(update_fields=TYPED)
        upstream.refresh_from_db()
    if secret:
        upstreams.seal_secret(upstream, secret=secret)
    upstreams.note_test(upstream, has_passed=probed.has_passed, words=words, now=now)
    _note_found(upstream, probed)
    transaction.on_commit(catalog.forget)
    return upstream


def find(upstream: Upstream) -> list[Match]:
    """This will match the models found at an upstream to the catalog: by route, by id, else by the bare name."""
    routes = Route.objects.filter(upstream_model__in=upstream.found_models.values("upstream_model"))
    here = {route.upstream_model: route for route in routes.filter(upstream=upstream, disabled_at=None)}
    by_route = _unique((route.upstream_model, route.chat_model_id) for route in routes)
    known = {model.pk: model for model in ChatModel.objects.select_related("vendor")}
    by_slug = {model.slug: model.pk for model in known.values()}
    names = [(_bare(name), model.pk) for model in known.values() for name in (model.slug, model.name)]
    by_name = _unique(names)
    matches = []
    for found in upstream.found_models.all():
        name = found.upstream_model
        key = by_slug.get(name) or by_route.get(name) or by_name.get(_bare(name))
        route = here.get(name)
        if route is not None:
            key = route.chat_model_id
        matches.append(Match(found, None if key is None else known[key], is_connected=route is not None))
    return matches


def is_slug(name: str) -> bool:
    """This will tell whether a name can be a model's id here."""
    return re.fullmatch(MODEL_SLUG_PATTERN, name) is not None


@transaction.atomic
def connect(
    upstream: Upstream,
    wishes: Sequence[Wish],
    *,
    card: Mapping[str, Any],
    terms: Terms | None,
    by: int | None,
    now: datetime,
) -> list[ChatModel]:
    """This will put the upstream into service and make the chosen models callable through it: all of them, or nothing.

    `card` holds the columns of the data card; it fills in what a model does not say yet. `by` is the id of the
    user who publishes. Raises `NotConnectable`.
    """
    upstreams.enable(upstream)
    reasons: dict[str, Refusal] = {}
    published: dict[str, ChatModel] = {}
    for wish in sorted(wishes, key=lambda one: one.slug):  # models are locked in one order
        try:
            with transaction.atomic():
                model = _model_of(wish, card=card)
                _lead(model, upstream, wish.upstream_model)
                if wish.cost and terms is not None:
                    vendor_prices.note(model, _note_of(wish, upstream, terms=terms, now=now), by=by, now=now)
                _check_price(model, wish, now=now)
                publishing.publish(model, now=now)
                published[wish.upstream_model] = model
        except Refusal as refusal:
            reasons[wish.upstream_model] = refusal
    if reasons:
        raise NotConnectable(reasons)
    for wish in wishes:  # last, since no call is opened from the first of them to the end
        if wish.rates is not None:
            model = published[wish.upstream_model]
            prices.write(model, rates=wish.rates, active_from=now, by=by, terms=wish.said)
    transaction.on_commit(catalog.forget)
    return [published[wish.upstream_model] for wish in wishes]


def _note_found(upstream: Upstream, probed: Probed) -> None:
    listed = {model.name: model for model in probed.listed}
    rows = [
        FoundModel(
            upstream=upstream,
            upstream_model=model.name,
            context_tokens=model.context_tokens,
            max_output_tokens=model.max_output_tokens,
        )
        for model in listed.values()
    ]
    if probed.called and probed.called not in listed and probed.call_failure is None:
        rows.append(FoundModel(upstream=upstream, upstream_model=probed.called))
    if probed.listed:
        upstream.found_models.exclude(upstream_model__in=[row.upstream_model for row in rows]).delete()
    FoundModel.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["upstream", "upstream_model"],
        update_fields=["context_tokens", "max_output_tokens"],
    )


def _check_standing(upstream: Upstream, before: Standing | None) -> None:
    present = Upstream.objects.select_for_update().filter(pk=upstream.pk).first()
    if present is None or standing_of(present) != before:
        raise Moved


def _bare(name: str) -> str:
    """What a name is without its maker's, its case and its punctuation: Qwen/Qwen3-Max is qwen3max."""
    return re.sub(r"[^a-z0-9]+", "", name.rsplit("/", 1)[-1].lower())


def _unique(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Names that lead to one model alone; one that could mean two means none."""
    found: dict[str, set[int]] = defaultdict(set)
    for name, key in pairs:
        found[name].add(key)
    return {name: next(iter(keys)) for name, keys in found.items() if name and len(keys) == 1}


def _model_of(wish: Wish, *, card: Mapping[str, Any]) -> ChatModel:
    if wish.new is None:
        model = ChatModel.objects.select_for_update().get(slug=wish.slug)
    else:
        model = ChatModel.objects.create(slug=wish.slug, capabilities=[*FIRST_CAPABILITIES], **vars(wish.new))
    known = {**card, **(wish.sizes or {})}
    said = {name: known[name] for name in publishing.missing_of(model) if known.get(name) is not None}
    if "max_output_tokens" in said:  # no answer is longer than the context
        said["max_output_tokens"] = min(said["max_output_tokens"], said.get("context_tokens", model.context_tokens))
    ChatModel.objects.filter(pk=model.pk).update(**said)
    model.refresh_from_db()
    return model


def _lead(model: ChatModel, upstream: Upstream, upstream_model: str) -> None:
    route, _ = Route.objects.get_or_create(chat_model=model, upstream=upstream, upstream_model=upstream_model)
    Route.objects.filter(pk=route.pk, disabled_at__isnull=False).update(disabled_at=None)


def _note_of(wish: Wish, upstream: Upstream, *, terms: Terms, now: datetime) -> Note:
    return Note(rates=dict(wish.cost or {}), **vars(terms), active_from=now, upstream=upstream)


def _check_price(model: ChatModel, wish: Wish, *, now: datetime) -> None:
    """A price that stays is held against what the upstream charges, too."""
    if wish.rates is not None:
        prices.check(model, rates=wish.rates, active_from=now, now=now, terms=wish.said)
    elif not Price.objects.in_force(now=now).filter(chat_model=model).exists():
        raise NoPrice(model=model.name)
    elif not wish.said.accepts_loss:
        margins.check_in_force(model, now=now)
