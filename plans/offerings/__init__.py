"""What is sold: which offerings there are, on which terms, and how new terms are published."""

from plans.offerings.credit_prices import tell_credit_prices
from plans.offerings.files import Change, carry_out, look, written
from plans.offerings.publishing import NOTICE, Affected, affected_by, check, publish, withdraw
from plans.offerings.seeding import seed
from plans.offerings.sets import chat_model_ids_of, holding, holds, models_of
from plans.offerings.shapes import BadFile, File, read
from plans.offerings.shelf import (
    Item,
    NotForSale,
    Shelf,
    announced,
    bought_then,
    current,
    ends_at,
    everything_shown,
    item_of,
    on_sale,
    packs,
    shelf,
    shown,
)

__all__ = [
    "NOTICE",
    "Affected",
    "BadFile",
    "Change",
    "File",
    "Item",
    "NotForSale",
    "Shelf",
    "affected_by",
    "announced",
    "bought_then",
    "carry_out",
    "chat_model_ids_of",
    "check",
    "current",
    "ends_at",
    "everything_shown",
    "holding",
    "holds",
    "item_of",
    "look",
    "models_of",
    "on_sale",
    "packs",
    "publish",
    "read",
    "seed",
    "shelf",
    "shown",
    "tell_credit_prices",
    "withdraw",
    "written",
]
