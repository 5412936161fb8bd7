"""The catalog in admin: prices are only added, secrets only written; the roof registers these and asks why."""

from typing import Any

from django.db.models import Model

from models_catalog.desks.chat_models import AliasAdmin, ChatModelAdmin, RouteAdmin
from models_catalog.desks.upstreams import UpstreamAdmin
from models_catalog.desks.vendors import VendorAdmin
from models_catalog.models import Alias, ChatModel, Price, Route, Upstream, Vendor, VendorPrice
from models_catalog.price_desks import PriceAdmin, VendorPriceAdmin

DESKS: dict[type[Model], Any] = {
    Vendor: VendorAdmin,
    ChatModel: ChatModelAdmin,
    Alias: AliasAdmin,
    Upstream: UpstreamAdmin,
    Route: RouteAdmin,
    Price: PriceAdmin,
    VendorPrice: VendorPriceAdmin,
}
"""Who keeps which table; the catalog does not know people, so the roof adds who changed what, and why."""
