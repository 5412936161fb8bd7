"""The nouns of the catalog."""

from models_catalog.models.chat_model import Alias, ChatModel, DataRegion, Retention, State
from models_catalog.models.price import Price, PublicationStop
from models_catalog.models.upstream import Route, Upstream
from models_catalog.models.vendor import Vendor

__all__ = [
    "Alias",
    "ChatModel",
    "DataRegion",
    "Price",
    "PublicationStop",
    "Retention",
    "Route",
    "State",
    "Upstream",
    "Vendor",
]
