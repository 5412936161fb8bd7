"""Announced models for tests: a small file of them and ways to bring it in, and the one that comes with the portal."""

import copy
import json
from collections.abc import Callable
from typing import Any

import msgspec

from models_catalog import importing
from models_catalog.importing import Plan
from models_catalog.importing.seed_files import decode
from models_catalog.models import ChatModel, Vendor, VendorPrice
from portal.kit import clock

LIST = {"source": "A list 1.0: dipper", "date": "2026-11-01"}
WHOLE: dict[str, Any] = {
    "reviewed_date": "2026-11-02",
    "made_from": [{"name": "A list", "version": "1.0", "date": "2026-11-01", "license": "MIT"}],
    "exchange_rates": [{"from": "USD", "to": "CNY", "rate": "7.25", "source": "A bank", "date": "2026-11-01"}],
    "vendors": [{"slug": "brook", "name": "Brook", "name_zh": "小溪", "country": "CN"}],
    "models": [
        {
            "slug": "dipper-2",
            "vendor": "brook",
            "name": "Dipper 2",
            "family": "Dipper",
            "summary": "A bird.",
            "summary_zh": "一只鸟。",
            "good_for": ["Diving"],
            "good_for_zh": ["潜水"],
            "context_tokens": {"value": 128_000, **LIST},
            "max_output_tokens": {"value": 8_000, **LIST},
            "capabilities": {"value": ["text", "tools"], **LIST},
            "released_date": {"value": "2026-05-01", **LIST},
            "list_price": {"currency": "USD", "rates": {"in_fresh": "0.27", "out_text": "1.1"}, **LIST},
        },
        {"slug": "wren", "vendor": "brook", "name": "Wren", "context_tokens": {"value": 32_000, **LIST}},
    ],
}

Edit = Callable[[dict[str, Any]], object]


def bytes_of(edit: Edit | None = None) -> bytes:
    whole = copy.deepcopy(WHOLE)
    if edit:
        edit(whole)
    return json.dumps(whole).encode()


def bring(edit: Edit | None = None, *, accepted: tuple[str, ...] = ()) -> Plan:
    return importing.carry_out(decode(bytes_of(edit)), accepted=accepted, by=None, now=clock.now())


def priced(**rates: object) -> Edit:
    return lambda whole: whole["models"][0]["list_price"].update(rates={"in_fresh": "0.27", "out_text": "1.1"} | rates)


def well_known(*slugs: str) -> None:
    """This will import the models of these slugs, without any all models, from the file that comes with the portal."""
    seed = importing.read(importing.SEED)
    models = [model for model in seed.models if not slugs or model.slug in slugs]
    importing.carry_out(msgspec.structs.replace(seed, models=models), by=None, now=clock.now())


def ending(day: str) -> Edit:
    return lambda whole: whole["models"][0].update(retires_date={"value": day, **LIST})


def rows() -> list[list[Any]]:
    return [list(kind.objects.order_by("pk").values()) for kind in (Vendor, ChatModel, VendorPrice)]
