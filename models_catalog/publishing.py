"""Whether people see a model: it is published with a whole data card, and withdrawn when nothing points to it."""

from datetime import datetime

from django.db import models, transaction

from models_catalog import catalog, lifecycle
from models_catalog.models import Alias, ChatModel, State
from models_catalog.models.chat_model import CARD_IS_COMPLETE
from portal.kit.refusals import Refusal, gettext_noop

CARD = ("operated_by", "data_region", "retention", "trains_on_data", "contract", "filing", "service_label")
"""What a data card answers, in the order in which it is read."""
SIZES = ("context_tokens", "max_output_tokens")
"""What a call needs to know besides; 0 is not known."""
_UNSAID = ("", None, "unknown")


class CardIncomplete(Refusal):
    """The data card does not answer everything; `missing` names the columns that do not."""

    code = "card_incomplete"
    status = 409
    sentence = gettext_noop("The data card of “{model}” is not whole. Please fill in: {words}.")

    def __init__(self, chat_model: ChatModel) -> None:
        self.missing = missing_of(chat_model)
        super().__init__(model=chat_model.name, words=", ".join(label_of(name) for name in self.missing))


class StillNamed(Refusal):
    """An alias points to the model."""

    code = "model_still_named"
    status = 409
    sentence = gettext_noop("The alias “{alias}” points to “{model}”. Let it point to another model first.")


def missing_of(chat_model: ChatModel) -> list[str]:
    """This will return the columns of the data card that say nothing yet, and the sizes that are not known."""
    unsaid = [name for name in CARD if getattr(chat_model, name) in _UNSAID]
    return unsaid + [name for name in SIZES if not getattr(chat_model, name)]


def label_of(name: str) -> str:
    """This will return what people call a column of the data card, in the reader's language."""
    return next(str(field.verbose_name) for field in ChatModel._meta.fields if field.name == name)


@transaction.atomic
def publish(chat_model: ChatModel, *, now: datetime) -> bool:
    """This will show the model to everybody and let it be called, and tell whether that changed anything.

    What was only announced becomes available, with an end that its vendor has announced it is being retired; what was
    retired becomes available again. Raises `CardIncomplete`, and `lifecycle.RetiresTooSoon` where the end has come.
    """
    asked = ChatModel.objects.filter(pk=chat_model.pk)
    is_shown = models.Q(published_at__isnull=False) & ~models.Q(state=State.ANNOUNCED)
    chat_model.refresh_from_db()
    if missing_of(chat_model):
        raise CardIncomplete(chat_model)
    is_back = chat_model.state == State.RETIRED
    if is_back:
        lifecycle.keep(chat_model)
    if chat_model.retires_date is not None:
        lifecycle.check_day(chat_model.retires_date, now=now)
    first = State.AVAILABLE if chat_model.retires_date is None else State.DEPRECATED
    became = models.Case(models.When(state=State.ANNOUNCED, then=models.Value(first.value)), default=models.F("state"))
    since = models.functions.Coalesce("published_at", models.Value(now))
    whole = asked.filter(CARD_IS_COMPLETE, context_tokens__gte=1, max_output_tokens__gte=1)
    changed = whole.exclude(is_shown).update(state=became, published_at=since)
    chat_model.refresh_from_db()
    transaction.on_commit(catalog.forget)
    return is_back or bool(changed)


@transaction.atomic
def withdraw(chat_model: ChatModel) -> bool:
    """This will hide the model from everybody, and tell whether it was shown. Raises `StillNamed`."""
    alias = Alias.objects.filter(chat_model=chat_model).first()
    if alias is not None:
        raise StillNamed(alias=alias.slug, model=chat_model.name)
    changed = ChatModel.objects.filter(pk=chat_model.pk, published_at__isnull=False).update(published_at=None)
    chat_model.refresh_from_db()
    transaction.on_commit(catalog.forget)
    return bool(changed)
