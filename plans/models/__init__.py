"""The tables of what is sold, what is paid and what is left."""

from plans.models.offering import Offering, OfferingVersion
from plans.models.order import Order
from plans.models.payment import Payment

__all__ = ["Offering", "OfferingVersion", "Order", "Payment"]
