"""What buyers, owners and staff fill in: shape in, clean values out."""

from plans.forms.bills import FapiaoForm, TitleForm
from plans.forms.bulk import BulkForm
from plans.forms.keys import KeyForm, RotationForm
from plans.forms.paying import CeilingForm, CodeForm, WayForm
from plans.forms.quotas import AccessForm, AmountForm, ExtraForm, LoanForm, QuotaForm
from plans.forms.reclaims import ReclaimForm
from plans.forms.shop import AdjustmentForm, CheckoutForm, OfferingVersionForm

__all__ = [
    "AccessForm",
    "AdjustmentForm",
    "AmountForm",
    "BulkForm",
    "CeilingForm",
    "CheckoutForm",
    "CodeForm",
    "ExtraForm",
    "FapiaoForm",
    "KeyForm",
    "LoanForm",
    "OfferingVersionForm",
    "QuotaForm",
    "ReclaimForm",
    "RotationForm",
    "TitleForm",
    "WayForm",
]
