"""May this member see and call this model: the one policy of the picker, `/v1/models` and the gateway."""

from models_catalog.models import ChatModel
from models_catalog.models.chat_model import ChatModels
from portal.kit.refusals import Refusal, gettext_noop


class ModelNotAllowed(Refusal):
    """The account's rules keep this member from the model."""

    code = "model_not_allowed"
    status = 403
    sentence = gettext_noop("The model “{model}” is not open to you. Ask the owner of your account to allow it.")


def visible(*, account_id: int, member_id: int) -> ChatModels:  # noqa: ARG001 - the rules of both come later
    """This will return the models that a member may see: as yet, all that are published."""
    return ChatModel.objects.published()


def check_call(model: str, *, account_id: int, member_id: int) -> None:
    """This will refuse a member who may not call `model` (slug or alias); as yet, nobody is refused.

    Whether the model exists and is connected is the catalog's to say. Raises `ModelNotAllowed`.
    """
