"""The life of a model: in use, being retired with a date and a replacement, retired."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from models_catalog import aliases, catalog
from models_catalog.models import Alias, ChatModel, State
from models_catalog.models.chat_model import CALLABLE_STATES, LIFE
from portal.kit.refusals import Refusal, gettext_noop

STAYING = (State.PREVIEW, State.AVAILABLE)
"""What people may be sent to."""
ENDING = (State.DEPRECATED, State.RETIRED)
"""What may be kept all the same."""


class OutOfLife(Refusal):
    """The model is not in a state that may lead to the wanted one."""

    code = "model_out_of_life"
    status = 409
    sentence = gettext_noop("“{model}” cannot go from “{before}” to “{after}”. Look at its state again.")


class RetiresTooSoon(Refusal):
    """People must hear of an end before it comes."""

    code = "retires_too_soon"
    status = 409
    sentence = gettext_noop("A model retires on a later day than today. Please choose one.")


class ReplacementGoesToo(Refusal):
    """What people are sent to must stay longer than what they leave."""

    code = "replacement_goes_too"
    status = 409
    sentence = gettext_noop("“{model}” is no replacement: it cannot be called, or is being retired itself.")


@transaction.atomic
def deprecate(chat_model: ChatModel, *, retires_date: date, replacement: ChatModel | None, now: datetime) -> None:
    """This will announce the end of a model, or another day or replacement for an end that was announced.

    `retires_date` is a day by the portal's own clock. Raises `OutOfLife`, `RetiresTooSoon`, `ReplacementGoesToo`.
    """
    check_end(chat_model, retires_date=retires_date, replacement=replacement, now=now)
    _move(chat_model, State.DEPRECATED, among=CALLABLE_STATES, retires_date=retires_date, replacement=replacement)


def check_end(chat_model: ChatModel, *, retires_date: date, replacement: ChatModel | None, now: datetime) -> None:
    """This will refuse what `deprecate` refuses."""
    if chat_model.state not in CALLABLE_STATES:
        raise _out_of_life(chat_model, State.DEPRECATED)
    check_day(retires_date, now=now)
    if replacement is not None and (replacement.state not in STAYING or replacement.pk == chat_model.pk):
        raise ReplacementGoesToo(model=replacement.name)


@transaction.atomic
def keep(chat_model: ChatModel) -> None:
    """This will take an announced end back, or bring a retired model back. Raises `OutOfLife`."""
    _move(chat_model, State.AVAILABLE, among=ENDING, retires_date=None, replacement=None)


def check_day(retires_date: date, *, now: datetime) -> None:
    """This will refuse a day that has come by the portal's own clock. Raises `RetiresTooSoon`."""
    if retires_date <= timezone.localdate(now):
        raise RetiresTooSoon


def retire_due(*, now: datetime) -> int:
    """This will retire the models whose day has come; returns how many.

    The aliases that point to one point to its replacement from then on.
    """
    due = ChatModel.objects.filter(state=State.DEPRECATED, retires_date__lte=timezone.localdate(now))
    return sum(_retire(chat_model, now=now) for chat_model in due.order_by("pk"))


@transaction.atomic
def _retire(chat_model: ChatModel, *, now: datetime) -> bool:
    before = LIFE.before(State.RETIRED)
    if not ChatModel.objects.filter(pk=chat_model.pk, state__in=before).update(state=State.RETIRED):
        return False
    if chat_model.successor is not None:
        for alias in Alias.objects.filter(chat_model=chat_model).order_by("pk"):
            aliases.point(alias, chat_model.successor, by=None, now=now)
    transaction.on_commit(catalog.forget)
    return True


def _move(
    chat_model: ChatModel,
    state: State,
    *,
    among: Collection[str],
    retires_date: date | None,
    replacement: ChatModel | None,
) -> None:
    rows = ChatModel.objects.filter(pk=chat_model.pk, state__in=among)
    if not rows.update(state=state, retires_date=retires_date, replacement=replacement):
        raise _out_of_life(chat_model, state)
    chat_model.state, chat_model.retires_date, chat_model.replacement = state, retires_date, replacement
    transaction.on_commit(catalog.forget)


def _out_of_life(chat_model: ChatModel, state: State) -> OutOfLife:
    return OutOfLife(model=chat_model.name, before=State(chat_model.state).label, after=state.label)
