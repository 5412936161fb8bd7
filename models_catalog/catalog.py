"""The catalog as callers and pages see it: which model a name means, what it costs and where it runs."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings

from models_catalog import tariffs, upstreams
from models_catalog.models import Alias, ChatModel, Route
from models_catalog.models.chat_model import CALLABLE_STATES
from models_catalog.pricing import Rates, Tariff
from models_catalog.providers.base import RouteOffer
from models_catalog.tariffs import tariff_of
from models_catalog.timetables import Entry, Timetable
from portal.kit import clock
from portal.kit.refusals import Refusal, gettext_noop

__all__ = [
    "NotConnected",
    "Offer",
    "Replaced",
    "Retired",
    "RouteOffer",
    "UnknownModel",
    "forget",
    "learn",
    "offer",
    "remembered",
    "repriced",
    "routes_of",
    "tariff_of",
]

REMEMBERED_SECONDS = 5.0

logger = logging.getLogger(__name__)


class UnknownModel(Refusal):
    """No published model and no alias has this name."""

    code = "model_not_found"
    status = 404
    sentence = gettext_noop("There is no model named “{model}”. The list of models shows the names to use.")


class Retired(UnknownModel):
    """The model is not served any more, and nothing replaces it."""

    code = "model_retired"
    sentence = gettext_noop("The model “{model}” was retired. Please choose another one from the list of models.")


class Replaced(Retired):
    """The model is not served any more; `replacement` is the id to use instead."""

    sentence = gettext_noop("The model “{model}” was retired. Please use “{replacement}” instead.")


class NotConnected(Refusal):
    """The model is listed, but nothing serves it here."""

    code = "model_not_connected"
    status = 503
    sentence = gettext_noop("The model “{model}” is not connected on this portal. Please choose another one.")


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that can be called now: its price row and its routes, the preferred one first.

    `price_id` and `tariff` are those of the moment and of the zone that was asked for; `timetable` knows the others.
    """

    chat_model_id: int
    slug: str
    alias: str | None
    vendor_name: str
    price_id: int
    tariff: Tariff
    timetable: Timetable
    context_tokens: int
    max_output_tokens: int
    prompt_permille: int
    queue: str
    routes: tuple[RouteOffer, ...]
    tokenizer: str = ""
    """What splits a text for it (`tokenizers`); empty where that is not known."""
    sunset: datetime | None = None
    """When it is retired, where its end was announced."""

    @property
    def rates(self) -> Rates:
        """What calls cost whose input stays below the first tier."""
        return self.tariff.rates

    def at(self, entry: Entry) -> "Offer":
        """This will return the same at another of its price rows."""
        return replace(self, price_id=entry.price_id, tariff=entry.tariff)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    taken_at: float
    moment: datetime
    offers: dict[str, Offer]
    names: frozenset[str]
    retired: dict[str, str]
    routes: dict[int, tuple[RouteOffer, ...]]


class _Memory:
    """The newest snapshot of this process, which many threads ask at once."""

    def __init__(self) -> None:
        self._snapshot: _Snapshot | None = None
        self._forgotten_at = float("-inf")
        self._lock = threading.Lock()

    def newest(self) -> _Snapshot | None:
        """This will return the snapshot, unless it is too old."""
        snapshot = self._snapshot
        is_old = snapshot is None or time.monotonic() - snapshot.taken_at > REMEMBERED_SECONDS
        return None if is_old else snapshot

    def keep(self, snapshot: _Snapshot) -> _Snapshot:
        """This will return it, and remember it if it was begun after what is remembered, or all was forgotten."""
        with self._lock:
            since = self._forgotten_at if self._snapshot is None else self._snapshot.taken_at
            if snapshot.taken_at > since:
                self._snapshot = snapshot
        return snapshot

    def forget(self) -> None:
        """This will forget it, and what is being read at this moment."""
        with self._lock:
            self._snapshot, self._forgotten_at = None, time.monotonic()


_memory = _Memory()


def offer(name: str, *, time_zone: str | None = None) -> Offer:
    """This will return what the model or alias `name` offers now, at most 5 seconds old.

    Its price is that of the hour in an account's `time_zone`; without one, what counts outside all special hours.
    The ledger has the last word on the price (`repriced`). Raises `UnknownModel`, `Retired` and `NotConnected`.
    """
    return _pick(_fresh(), name, time_zone=time_zone)


def remembered(name: str, *, time_zone: str | None = None) -> Offer | None:
    """This will return the offer if this process still remembers it, without touching the database.

    It refuses like `offer`; None means that `offer` must be asked, in a thread.
    """
    snapshot = _memory.newest()
    return None if snapshot is None else _pick(snapshot, name, time_zone=time_zone)


def repriced(name: str, *, price_id: int | None) -> Offer:
    """This will return the offer at the price row that the ledger named; what this process remembers may be old.

    Raises `NotConnected` where the model has no such price.
    """
    found = _at_price(_fresh(), name, price_id) or _at_price(_renewed(), name, price_id)
    if found is None:
        raise NotConnected(model=name)
    return found


def routes_of(chat_model_id: int) -> tuple[RouteOffer, ...]:
    """This will return the open routes of a model, the preferred one first, at most 5 seconds old."""
    return _fresh().routes.get(chat_model_id, ())


def learn(chat_model_id: int, *, prompt_permille: int) -> None:
    """This will let what is set aside for a model's prompts follow what its vendor was seen to count."""
    ChatModel.objects.filter(pk=chat_model_id).update(prompt_permille=prompt_permille)


def forget() -> None:
    """This will make the next question look into the database again."""
    _memory.forget()


def _pick(snapshot: _Snapshot, name: str, *, time_zone: str | None) -> Offer:
    found = snapshot.offers.get(name)
    if found is not None:
        moment = snapshot.moment + timedelta(seconds=time.monotonic() - snapshot.taken_at)
        entry = found.timetable.at(moment, time_zone=time_zone)
        if entry is not None:
            return found if entry.price_id == found.price_id else found.at(entry)
    if name in snapshot.names:
        raise NotConnected(model=name)
    if name in snapshot.retired:
        successor = snapshot.retired[name]
        raise Replaced(model=name, replacement=successor) if successor else Retired(model=name)
    raise UnknownModel(model=name[:120])


def _at_price(snapshot: _Snapshot, name: str, price_id: int | None) -> Offer | None:
    found = snapshot.offers.get(name)
    entry = found and found.timetable.entry_of(price_id)
    return found.at(entry) if found and entry else None


def _fresh() -> _Snapshot:
    return _memory.newest() or _renewed()


def _renewed() -> _Snapshot:
    return _memory.keep(_take_snapshot())


def _take_snapshot() -> _Snapshot:
    taken_at = time.monotonic()
    moment = clock.now()
    routes = _open_routes(Route.objects.open())
    timetables = tariffs.timetables(now=moment)
    offers: dict[str, Offer] = {}
    slugs: dict[int, str] = {}
    for model in ChatModel.objects.published().select_related("vendor"):
        slugs[model.pk] = model.slug
        if model.state in CALLABLE_STATES and model.pk in timetables and model.pk in routes:
            offers[model.slug] = _offer_of(model, timetable=timetables[model.pk], routes=routes[model.pk])
    names = set(slugs.values())
    for alias in Alias.objects.filter(chat_model_id__in=slugs):
        names.add(alias.slug)
        target = offers.get(slugs[alias.chat_model_id])
        if target is not None:
            offers.setdefault(alias.slug, replace(target, alias=alias.slug))
    return _Snapshot(taken_at, moment, offers, frozenset(names), _retired(), routes)


def _retired() -> dict[str, str]:
    """By id and by alias, the id of what replaces each model that was retired, empty where nothing does."""
    gone = ChatModel.objects.retired().select_related("replacement")
    names = {model.slug: model.successor.slug if model.successor else "" for model in gone}
    left = Alias.objects.filter(chat_model__slug__in=names).values_list("slug", "chat_model__slug")
    return {alias: names[slug] for alias, slug in left} | names


def _offer_of(model: ChatModel, *, timetable: Timetable, routes: tuple[RouteOffer, ...]) -> Offer:
    first = timetable.steps[0].entry
    return Offer(
        chat_model_id=model.pk,
        slug=model.slug,
        alias=None,
        vendor_name=model.vendor.name,
        price_id=first.price_id,
        tariff=first.tariff,
        timetable=timetable,
        context_tokens=model.context_tokens,
        max_output_tokens=model.max_output_tokens,
        prompt_permille=model.prompt_permille,
        queue=routes[0].queue,
        routes=routes,
        tokenizer=model.tokenizer,
        sunset=model.retires_at,
    )


def _open_routes(found: Iterable[Route]) -> dict[int, tuple[RouteOffer, ...]]:
    routes: dict[int, list[RouteOffer]] = defaultdict(list)
    for route in found:
        try:
            secret = upstreams.open_secret(route.upstream)
        except upstreams.UnreadableSecret:
            logger.exception("upstream %s is left out: its secret does not open", route.upstream.slug)
            continue
        routes[route.chat_model_id].append(_route_offer(route, secret=secret))
    return {chat_model_id: tuple(offers) for chat_model_id, offers in routes.items()}


def _route_offer(route: Route, *, secret: str) -> RouteOffer:
    upstream = route.upstream
    return RouteOffer(
        route_id=route.pk,
        upstream_slug=upstream.slug,
        upstream_model=route.upstream_model,
        base_url=upstream.base_url,
        dialect=upstream.dialect,
        secret=secret,
        region=upstream.region,
        is_mainland=upstream.is_mainland,
        is_never_trained=upstream.is_never_trained,
        concurrency=upstream.concurrency,
        first_byte_timeout_seconds=upstream.first_byte_timeout_seconds,
        idle_timeout_seconds=upstream.idle_timeout_seconds,
        hard_deadline_seconds=upstream.hard_deadline_seconds,
        on_leave=upstream.on_leave,
        loopback=settings.EGRESS_LOOPBACK,
        private=upstream.may_be_private,
    )
