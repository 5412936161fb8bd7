"""What people may type: shape in, clean values out. No form saves anything of ours."""

from accounts.forms.account import AccountForm, FoundingForm, MeForm
from accounts.forms.business import DepartmentForm, NameForm, RoofForm
from accounts.forms.children import ChildForm, LimitsForm, PinForm, ProfileForm
from accounts.forms.keys import RevocationForm
from accounts.forms.people import ActingForm, DomainForm, InvitationForm, OwnershipForm, PlaceForm
from accounts.forms.signing_in import LoginForm, PhoneField, SignupForm, normal_contact, normal_phone

__all__ = [
    "AccountForm",
    "ActingForm",
    "ChildForm",
    "DepartmentForm",
    "DomainForm",
    "FoundingForm",
    "InvitationForm",
    "LimitsForm",
    "LoginForm",
    "MeForm",
    "NameForm",
    "OwnershipForm",
    "PhoneField",
    "PinForm",
    "PlaceForm",
    "ProfileForm",
    "RevocationForm",
    "RoofForm",
    "SignupForm",
    "normal_contact",
    "normal_phone",
]
