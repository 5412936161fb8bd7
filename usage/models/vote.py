"""What readers say of answers: one vote an answer, that its reader may change and take back."""

from django.db import models

from usage.models.call import elsewhere


class Vote(models.Model):
    """A thumb up or down for the answer of one call, by the member whose call it was."""

    call_id = models.UUIDField(primary_key=True)
    member = models.ForeignKey("accounts.Member", on_delete=models.PROTECT, related_name="+")
    chat_model = elsewhere("models_catalog.ChatModel")
    is_up = models.BooleanField()
    voted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.call_id} {'up' if self.is_up else 'down'}"
