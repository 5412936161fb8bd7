"""Changes to aliases: where a name points is a version that is added and never edited."""

from datetime import datetime

from django.db import transaction

from models_catalog.models import Alias, AliasVersion, ChatModel


@transaction.atomic
def point(alias: Alias, chat_model: ChatModel, *, by: int | None, now: datetime) -> AliasVersion:
    """This will let the alias point to `chat_model` from now on; where it points there already nothing changes."""
    Alias.objects.select_for_update().get(pk=alias.pk)
    last = AliasVersion.objects.filter(alias=alias).order_by("-version").first()
    if last is not None and last.chat_model_id == chat_model.pk:
        return last
    Alias.objects.filter(pk=alias.pk).update(chat_model=chat_model)
    alias.chat_model = chat_model
    version = 1 if last is None else last.version + 1
    return AliasVersion.objects.create(alias=alias, version=version, chat_model=chat_model, active_from=now, set_by=by)
