"""What buyers, owners and staff fill in: shape in, clean values out."""

from plans.forms.bills import FapiaoForm, TitleForm
from plans.forms.bulk import BulkForm
from plans.forms.keys import KeyForm, RotationForm
from plans.forms.offerings import OfferingVersionForm
from plans.forms.offers import FitForm
from plans.forms.paying import CeilingForm, CodeForm, WayForm
from plans.forms.plan import AgreementForm, ChangeForm, MethodForm
from plans.forms.quotas import AccessForm, AmountForm, ExtraForm, LoanForm, QuotaForm
from plans.forms.reclaims import ReclaimForm
from plans.forms.shop import AdjustmentForm, CheckoutForm

__all__ = [
    "AccessForm",
    "AdjustmentForm",
    "AgreementForm",
    "AmountForm",
    "BulkForm",
    "CeilingForm",
    "ChangeForm",
    "CheckoutForm",
    "CodeForm",
    "ExtraForm",
    "FapiaoForm",
    "FitForm",
    "KeyForm",
    "LoanForm",
    "MethodForm",
    "OfferingVersionForm",
    "QuotaForm",
    "ReclaimForm",
    "RotationForm",
    "TitleForm",
    "WayForm",
]
