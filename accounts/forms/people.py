"""Inviting people, giving them a role, offering ownership, and choosing the account to act for."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import offer, offer_rows
from accounts.forms.signing_in import LONGEST_CONTACT, normal_contact
from accounts.invitations import Place
from accounts.models import Account, Department, Invitation, Member
from portal.kit.units import MICROCREDITS_PER_CREDIT

MOST_CREDITS = 10**10


class InvitationForm(forms.Form):
    """Who is invited into which place; the way follows from what was typed."""

    way = forms.ChoiceField(
        label=_("How do you reach them?"),
        choices=[("address", _("E-mail or text message")), ("screen", _("They stand beside me: show a code"))],
        widget=forms.RadioSelect,
        initial="address",
    )
    contact = forms.CharField(
        label=_("E-mail or phone number"),
        max_length=LONGEST_CONTACT,
        required=False,
        help_text=_("Only this address can accept."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(label=_("Name"), max_length=100, required=False)
    role = forms.ChoiceField(label=_("Role"))
    department = forms.ModelChoiceField(
        label=_("Department"), queryset=Department.objects.none(), required=False, empty_label=_("none")
    )
    monthly_credits = forms.IntegerField(
        label=_("Credits a month, at most"),
        min_value=0,
        max_value=MOST_CREDITS,
        required=False,
        help_text=_("Empty means no ceiling of their own. You can change it later."),
    )

    def __init__(self, *args: Any, inviter: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "role", roles_of(inviter.account, is_head=inviter.role == Member.Role.HEAD))
        if inviter.account.kind == Account.Kind.BUSINESS:
            offer_rows(self, "department", Department.objects.led_by(inviter).in_use().order_by("name"))
        else:
            del self.fields["department"]

    def clean(self) -> dict[str, Any]:
        """This will sort what was typed into a way and its normal form."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("way") == "address" and not self.has_error("contact"):
            if not values.get("contact"):
                self.add_error("contact", _("Type an e-mail address or a phone number, or choose the code."))
            else:
                try:
                    values["kind"], values["contact"] = normal_contact(values["contact"])
                except forms.ValidationError as error:
                    self.add_error("contact", error)
        return values

    def place(self) -> Place:
        """This will return the place that is kept."""
        given = self.cleaned_data
        is_screen = given["way"] == "screen"
        department = given.get("department")
        credits = given["monthly_credits"]
        return Place(
            way=Invitation.Way.SCREEN if is_screen else given["kind"],
            contact="" if is_screen else given["contact"],
            name=given["name"],
            role=given["role"],
            department_id=department.pk if department else None,
            monthly_microcredits=None if credits is None else credits * MICROCREDITS_PER_CREDIT,
        )


class PlaceForm(forms.Form):
    """A member's role and department."""

    role = forms.ChoiceField(label=_("Role"))
    department = forms.ModelChoiceField(
        label=_("Department"), queryset=Department.objects.none(), required=False, empty_label=_("none")
    )

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        now = {"role": member.role, "department": member.department_id}
        super().__init__(*args, **{"initial": now, **kwargs})
        fixed = member.role in {Member.Role.OWNER, Member.Role.CHILD}
        own = [(member.role, member.get_role_display())]
        offer(self, "role", own if fixed else roles_of(member.account))
        if member.account.kind == Account.Kind.BUSINESS:
            chosen = Department.objects.in_use().filter(account=member.account_id)
            offer_rows(self, "department", chosen.order_by("name"))
        else:
            self.fields["department"].widget = forms.HiddenInput()


class OwnershipForm(forms.Form):
    """Whether the owner steps down when the other one says yes."""

    is_handover = forms.BooleanField(label=_("I step down when they accept"), required=False)


class ActingForm(forms.Form):
    """Which of my memberships I act as."""

    member = forms.TypedChoiceField(label=_("Act for"), coerce=int, widget=forms.RadioSelect)

    def __init__(self, *args: Any, mine: list[Member], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "member", [(each.pk, f"{each.account} · {each.get_role_display()}") for each in mine])


def roles_of(account: Account, *, is_head: bool = False) -> list[tuple[str, Any]]:
    """This will return the roles that can be given in an account: a household has no heads, a head gives one role."""
    given = [Member.Role.ADULT, Member.Role.BILL_PAYER, Member.Role.AUDITOR]
    if is_head:
        given = [Member.Role.ADULT]
    elif account.kind == Account.Kind.BUSINESS:
        given.insert(1, Member.Role.HEAD)
    return [(role.value, role.label) for role in given]


class DomainForm(forms.Form):
    """A mail domain, and where those who come in by it are put."""

    domain = forms.CharField(
        label=_("Domain"), max_length=253, help_text=_("What stands behind the @ of your addresses.")
    )
    department = forms.ModelChoiceField(
        label=_("Department"), queryset=Department.objects.none(), required=False, empty_label=_("none")
    )
    monthly_credits = forms.IntegerField(
        label=_("Credits a month, at most"), min_value=0, max_value=MOST_CREDITS, required=False
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, "department", Department.objects.in_use().filter(account=account).order_by("name"))

    def claim(self) -> dict[str, Any]:
        """This will return what `domains.claim` takes beside who and when."""
        given = self.cleaned_data
        credits = given["monthly_credits"]
        return {
            "domain": given["domain"],
            "department": given["department"],
            "monthly_microcredits": None if credits is None else credits * MICROCREDITS_PER_CREDIT,
        }
