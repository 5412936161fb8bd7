"""Fills the catalog from a reviewed file: the models that the demo can call, and their routes."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from models_catalog import aliases, catalog, prices, promises, upstreams
from models_catalog.models import Alias, ChatModel, Price, Route, Upstream, Vendor
from models_catalog.price_terms import Terms
from models_catalog.pricing import INPUT_CLASSES, OUTPUT_CLASSES, Rates
from portal.kit import environment
from portal.kit.units import MICROCREDITS_PER_CREDIT, TOKENS_PER_PRICE

SHELF = Path(__file__).parent / "shelf.json"
REVIEWED = Terms(is_free=True, is_sure=True, accepts_loss="The file was reviewed.")
ADDRESSES = ("model_url", "sandbox_url")

Item = dict[str, Any]


@transaction.atomic
def seed(*, now: datetime, by: int | None = None, addresses: Mapping[str, str] | None = None) -> None:
    """This will load the catalog of `shelf.json`; a second run changes nothing but what the file changed.

    `addresses` says where the demo's servers stand: `model_url`, empty where the small model cannot run, and
    `sandbox_url`. Without it, what the running portal wrote down counts.
    """
    found = running_addresses() if addresses is None else addresses
    shelf = json.loads(SHELF.read_text(encoding="utf-8"))
    for vendor in shelf["vendors"]:
        Vendor.objects.update_or_create(slug=vendor.pop("slug"), defaults=vendor)
    for item in shelf["chat_models"]:
        _put_model(item, with_model=bool(found.get("model_url")), by=by, now=now)
    for item in shelf["upstreams"]:
        _put_upstream(item, address=found.get(item.pop("address"), ""), now=now)
    for item in shelf["routes"]:
        _put_route(item)
    for item in shelf["aliases"]:
        _put_alias(item, with_model=bool(found.get("model_url")), by=by, now=now)
    transaction.on_commit(catalog.forget)


def running_addresses() -> dict[str, str]:
    """This will return where the demo's servers stand, as the running portal wrote it down."""
    return {name: environment.running(name, folder=settings.VAR_DIR) for name in ADDRESSES}


def rates_of(burns: Mapping[str, str]) -> Rates:
    """This will return the rates for credits a token: `input`, `output`, and by class where they differ."""
    rates = dict.fromkeys(INPUT_CLASSES, burns["input"]) | dict.fromkeys(OUTPUT_CLASSES, burns["output"])
    rates |= {name: burn for name, burn in burns.items() if name not in {"input", "output"}}
    per_credit = MICROCREDITS_PER_CREDIT * TOKENS_PER_PRICE
    return Rates(**{name: int(Decimal(burn) * per_credit) for name, burn in rates.items()})


def _put_model(item: Item, *, with_model: bool, by: int | None, now: datetime) -> None:
    burns = item.pop("rates", None)
    hidden = item.pop("only_without_model", False) and with_model
    vendor = Vendor.objects.get(slug=item.pop("vendor"))
    slug = item.pop("slug")
    model, _ = ChatModel.objects.update_or_create(slug=slug, defaults=item | {"vendor": vendor})
    if hidden:
        ChatModel.objects.filter(pk=model.pk).update(published_at=None)
    else:
        ChatModel.objects.filter(pk=model.pk, published_at__isnull=True).update(published_at=now)
    if burns:
        _put_price(model, rates_of(burns), by=by, now=now)


def _put_price(model: ChatModel, rates: Rates, *, by: int | None, now: datetime) -> None:
    """What the file says is published once, with notice where it is dearer: what staff published since stays."""
    known = Price.objects.filter(chat_model=model, base=None)
    if all(price.rates != rates for price in known):
        begins = promises.begins_at(model, rates, REVIEWED, active_from=now, now=now)
        prices.publish(model, rates=rates, active_from=begins, by=by, now=now, terms=REVIEWED)


def _put_upstream(item: Item, *, address: str, now: datetime) -> None:
    secret = item.pop("secret")
    item["base_url"] = (address or "http://127.0.0.1:1") + item.pop("path")
    upstream, _ = Upstream.objects.update_or_create(slug=item.pop("slug"), defaults=item)
    if secret and not upstream.sealed_secret:
        upstreams.seal_secret(upstream, secret=secret)
    if address:
        upstreams.enable(upstream)
    else:
        upstreams.disable(upstream, now=now)


def _put_route(item: Item) -> None:
    Route.objects.get_or_create(
        chat_model=ChatModel.objects.get(slug=item["chat_model"]),
        upstream=Upstream.objects.get(slug=item["upstream"]),
        upstream_model=item["upstream_model"],
    )


def _put_alias(item: Item, *, with_model: bool, by: int | None, now: datetime) -> None:
    stand_in = item.pop("without_model", item["chat_model"])
    target = ChatModel.objects.get(slug=item.pop("chat_model") if with_model else stand_in)
    item.pop("chat_model", None)
    alias, _ = Alias.objects.update_or_create(
        slug=item.pop("slug"), defaults=item, create_defaults=item | {"chat_model": target}
    )
    aliases.point(alias, target, by=by, now=now)
