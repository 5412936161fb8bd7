"""What departments, projects and scenarios are called, and where a department stands."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import offer
from accounts.models import Department
from accounts.names import LONGEST


class NameForm(forms.Form):
    """What a thing of the account is called."""

    name = forms.CharField(label=_("Name"), max_length=LONGEST)


class RoofForm(forms.Form):
    """The department that another one is part of; empty stands at the top."""

    parent = forms.TypedChoiceField(label=_("Part of"), coerce=int, empty_value=None, required=False)

    def __init__(self, *args: Any, roofs: Sequence[tuple[Department, str]], has_top: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        top: list[tuple[Any, Any]] = [("", _("– stands at the top –"))] if has_top else []
        offer(self, "parent", [*top, *((each.pk, path) for each, path in roofs)])
        self.fields["parent"].required = not has_top
        self._roofs = {each.pk: each for each, _path in roofs}

    def roof(self) -> Department | None:
        """This will return the department that was chosen."""
        chosen: int | None = self.cleaned_data["parent"]
        return self._roofs.get(chosen) if chosen is not None else None


class DepartmentForm(NameForm, RoofForm):
    """A new department."""

    field_order = ("name", "parent")
