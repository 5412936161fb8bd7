"""The nouns of the catalog."""

from models_catalog.models.alias import Alias, AliasVersion
from models_catalog.models.chat_model import Capability, ChatModel, DataRegion, Retention, State, Tokenizer
from models_catalog.models.experience import Approval, LifeAverage, ModelHealth
from models_catalog.models.price import Price, PriceTier, PublicationStop
from models_catalog.models.upstream import FoundModel, Route, Upstream
from models_catalog.models.vendor import Risk, Vendor
from models_catalog.models.vendor_price import CreditPrice, VendorPrice

__all__ = [
    "Alias",
    "AliasVersion",
    "Approval",
    "Capability",
    "ChatModel",
    "CreditPrice",
    "DataRegion",
    "FoundModel",
    "LifeAverage",
    "ModelHealth",
    "Price",
    "PriceTier",
    "PublicationStop",
    "Retention",
    "Risk",
    "Route",
    "State",
    "Tokenizer",
    "Upstream",
    "Vendor",
    "VendorPrice",
]
