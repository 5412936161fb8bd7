"""Quotas, rules of access, and more for a while."""

from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from babel.numbers import get_currency_precision
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import offer
from models_catalog.models import ChatModel
from plans import quotas
from plans.access import Rule
from plans.models import Extra, Quota
from plans.models.quota import LARGEST_LIMIT, MOST_GRACE_PERCENT
from portal.kit.units import MICROCREDITS_PER_CREDIT, Microcredits

MOST_CREDITS = LARGEST_LIMIT // MICROCREDITS_PER_CREDIT
MOST_PERCENT = 100
WHOLE = (Quota.Metric.CALLS, Quota.Metric.TOKENS, Quota.Metric.AT_ONCE)
"""What is counted in whole ones."""
WINDOWS = {**dict(Quota.Window.choices), Quota.Window.LIFETIME: _("all time"), Quota.Window.SESSION: _("each session")}


class QuotaForm(forms.Form):
    """How much of what in which window, hard or soft, a ceiling or set aside."""

    window = forms.ChoiceField(
        label=_("Within"),
        choices=[(value, label) for value, label in WINDOWS.items() if value != Quota.Window.NIGHT_HOUR],
        initial=Quota.Window.MONTH,
        help_text=_("A session is a conversation in the chat, or what a program names so."),
    )
    amount = forms.DecimalField(label=_("At most"), min_value=0, max_value=MOST_CREDITS, decimal_places=2)
    unit = forms.ChoiceField(
        label=_("Counted in"),
        choices=[*Quota.Unit.choices, *((each.value, each.label) for each in WHOLE)],
        initial=Quota.Unit.CREDITS,
        help_text=_(
            "Money is counted at what your newest plan paid for a credit. Calls at once are those under way: for them"
            " the window above does not matter."
        ),
    )
    chat_model = forms.ModelChoiceField(
        label=_("Only for the model"),
        queryset=ChatModel.objects.offered(),
        required=False,
        empty_label=_("all models"),
    )
    grace_percent = forms.IntegerField(
        label=_("Grace, in percent"),
        min_value=0,
        max_value=MOST_GRACE_PERCENT,
        initial=0,
        help_text=_("0 stops at the limit; with grace calls go on for so many percent, and the caller is told."),
    )
    is_slice = forms.BooleanField(
        label=_("Set it aside"),
        required=False,
        help_text=_("A ceiling is a point not to pass. What is set aside nobody else can use."),
    )

    def terms(self, *, account_id: int, now: datetime) -> quotas.Terms:
        """This will return what `quotas.put` takes. Raises `quotas.NoPlanToCount`."""
        given = self.cleaned_data
        unit, amount, window = given["unit"], given["amount"], given["window"]
        said, metric, chat_model = None, Quota.Metric.MICROCREDITS, given["chat_model"]
        if unit == Quota.Metric.AT_ONCE:
            window = Quota.Window.LIFETIME
        match unit:
            case Quota.Metric.CALLS | Quota.Metric.TOKENS | Quota.Metric.AT_ONCE:
                unit, metric, limit = Quota.Unit.CREDITS, Quota.Metric(unit), int(amount)
            case Quota.Unit.MONEY:
                said = int(amount.scaleb(get_currency_precision(settings.CURRENCY)))
                limit = quotas.worth(account_id, unit=unit, said=said, now=now)
            case Quota.Unit.SHARE:
                said = min(int(amount), MOST_PERCENT)
                limit = quotas.worth(account_id, unit=unit, said=said, now=now)
            case _:
                limit = int(amount * MICROCREDITS_PER_CREDIT)
        return quotas.Terms(
            window=window,
            limit=limit,
            metric=metric,
            chat_model_id=chat_model.pk if chat_model else None,
            grace_percent=given["grace_percent"],
            is_slice=given["is_slice"],
            unit=unit,
            said=said,
        )

    def clean(self) -> dict[str, Any]:
        """This will refuse more than the whole plan, and a part of what there are only whole ones of."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        amount: Decimal | None = values.get("amount")
        if amount is None:
            return values
        if values.get("unit") == Quota.Unit.SHARE and amount > MOST_PERCENT:
            self.add_error("amount", _("A share of the plan is at most 100 percent."))
        if values.get("unit") in {*WHOLE, Quota.Unit.SHARE} and amount != int(amount):
            self.add_error("amount", _("Calls, tokens and percent are whole numbers."))
        return values


class AccessForm(forms.Form):
    """Which models, and where questions may go."""

    is_restricted = forms.BooleanField(label=_("Only the models ticked below"), required=False)
    chat_models = forms.ModelMultipleChoiceField(
        label=_("Models"),
        queryset=ChatModel.objects.offered(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    is_mainland_only = forms.BooleanField(label=_("Mainland routes only"), required=False)
    is_never_trained = forms.BooleanField(label=_("Only where data never trains models"), required=False)

    def __init__(self, *args: Any, rule: Rule, **kwargs: Any) -> None:
        now = {
            "is_restricted": rule.chat_model_ids is not None,
            "chat_models": rule.chat_model_ids or (),
            "is_mainland_only": rule.is_mainland_only,
            "is_never_trained": rule.is_never_trained,
        }
        super().__init__(*args, **{"initial": now, **kwargs})
        offered = ChatModel.objects.offered(besides=rule.chat_model_ids or ())
        cast("forms.ModelMultipleChoiceField[ChatModel]", self.fields["chat_models"]).queryset = offered

    def rule(self) -> Rule:
        """This will return what `access.put` takes."""
        given = self.cleaned_data
        chosen = tuple(sorted(model.pk for model in given["chat_models"])) if given["is_restricted"] else None
        return Rule(
            chat_model_ids=chosen,
            is_mainland_only=given["is_mainland_only"],
            is_never_trained=given["is_never_trained"],
        )


class ExtraForm(forms.Form):
    """What a member asks more of, how much and what for."""

    about = forms.ChoiceField(choices=Extra.About.choices, widget=forms.HiddenInput)
    quota = forms.IntegerField(required=False, widget=forms.HiddenInput)
    amount = forms.IntegerField(
        label=_("How much more"),
        min_value=1,
        max_value=MOST_CREDITS,
        required=False,
        help_text=_("Leave it empty and whoever answers chooses."),
    )
    reason = forms.CharField(label=_("What for?"), max_length=200, required=False)


class AmountForm(forms.Form):
    """How much is given."""

    amount = forms.IntegerField(label=_("Give"), min_value=1, max_value=MOST_CREDITS)


class LoanForm(forms.Form):
    """Which department lends to which, how much, and why."""

    lender = forms.TypedChoiceField(label=_("From"), coerce=int)
    borrower = forms.TypedChoiceField(label=_("To"), coerce=int)
    amount = forms.IntegerField(label=_("Credits"), min_value=1, max_value=MOST_CREDITS)
    reason = forms.CharField(label=_("What for?"), max_length=200, required=False)

    def __init__(
        self, *args: Any, lenders: list[tuple[Quota, str]], borrowers: list[tuple[Quota, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._quotas = {quota.pk: quota for quota, _words in borrowers}
        for name, offered in (("lender", lenders), ("borrower", borrowers)):
            offer(self, name, [(quota.pk, words) for quota, words in offered])
        if lenders:  # to lend to oneself is refused
            first = lenders[0][0]
            others = [quota for quota, _words in borrowers if quota.node_id != first.node_id]
            others.sort(key=lambda each: each.window != first.window)
            self.fields["borrower"].initial = others[0].pk if others else None

    def loan(self) -> dict[str, Any]:
        """This will return what `loans.lend` takes beside who and when."""
        given = self.cleaned_data
        return {
            "lender": self._quotas[given["lender"]],
            "borrower": self._quotas[given["borrower"]],
            "microcredits": Microcredits(given["amount"] * MICROCREDITS_PER_CREDIT),
            "reason": given["reason"],
        }
