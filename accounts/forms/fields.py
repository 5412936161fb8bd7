"""Fields whose choices are known only when the form is made."""

from typing import Any, cast

from django import forms
from django.db.models import QuerySet


def offer(form: forms.Form, name: str, choices: list[tuple[Any, Any]]) -> None:
    """This will offer these values in the field `name`."""
    cast("forms.ChoiceField", form.fields[name]).choices = choices


def offer_rows(form: forms.Form, name: str, rows: "QuerySet[Any]") -> None:
    """This will offer these rows in the field `name`."""
    cast("forms.ModelChoiceField[Any]", form.fields[name]).queryset = rows
