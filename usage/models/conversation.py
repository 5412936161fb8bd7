"""What the browser chat remembers: conversations, their turns, and the key that a person's words are sealed with."""

from django.db import models
from django.db.models import F, Q

from portal.kit.moves import moves


class ConversationQuerySet(models.QuerySet["Conversation"]):
    """Questions about conversations."""

    def seen_by(self, member_id: int) -> "ConversationQuerySet":
        """This will keep what the member asked: nobody else reads a conversation."""
        return self.filter(member_id=member_id)

    def first_hand(self) -> "ConversationQuerySet":
        """This will leave out what was handed over: its words are somebody else's."""
        return self.filter(handed_over_at=None)

    def newest_first(self) -> "ConversationQuerySet":
        """This will order by the last turn."""
        return self.order_by("-spoken_at", "-id")


class Conversation(models.Model):
    """A row of turns between one member and the models; its title is the member's words, so it is sealed too.

    One that was handed over belongs to who has it now, and is sealed with their key. One with an assistant keeps the
    version that it began with.
    """

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey("accounts.Member", on_delete=models.PROTECT, related_name="+")
    scenario = models.ForeignKey("accounts.Scenario", on_delete=models.PROTECT, null=True, related_name="+")
    assistant_version = models.ForeignKey(
        "usage.AssistantVersion", on_delete=models.PROTECT, null=True, related_name="+"
    )
    model_name = models.CharField(max_length=120)
    sealed_title = models.BinaryField()
    created_at = models.DateTimeField()
    spoken_at = models.DateTimeField()
    handed_over_by = models.ForeignKey("accounts.Member", on_delete=models.PROTECT, null=True, related_name="+")
    handed_over_at = models.DateTimeField(null=True)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=["member", "-spoken_at"], name="conversation_by_member"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(handed_over_by=None, handed_over_at=None)
                | (Q(handed_over_by__isnull=False, handed_over_at__isnull=False) & ~Q(handed_over_by=F("member"))),
                name="conversation_handed_over_by_another",
            ),
        )

    def __str__(self) -> str:
        return str(self.id)


class Turn(models.Model):
    """One thing said: a question of the member, or the answer of a call, waiting until the call has ended."""

    QUESTION, ANSWER = "question", "answer"
    WAITING, KEPT, STOPPED, FAILED = "waiting", "kept", "stopped", "failed"
    MOVES = moves(waiting="kept stopped failed", kept="", stopped="", failed="")

    id = models.UUIDField(primary_key=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="turns")
    position = models.PositiveIntegerField()
    role = models.CharField(max_length=8, choices=[(QUESTION, QUESTION), (ANSWER, ANSWER)])
    state = models.CharField(max_length=8, choices=[(state, state) for state in MOVES.table])
    call_id = models.UUIDField(null=True, unique=True)
    model_name = models.CharField(max_length=120)
    sealed_text = models.BinaryField()
    error_code = models.CharField(max_length=60, default="")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=["conversation", "position"], name="turn_has_its_position"),
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(state="waiting"), name="turn_one_waits_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(role="question", call_id=None, state="kept") | Q(role="answer", call_id__isnull=False),
                name="turn_answer_has_a_call",
            ),
        )

    def __str__(self) -> str:
        return f"{self.conversation_id}#{self.position}"


class ContentKey(models.Model):
    """The key that seals one member's words, itself sealed with `CONTENT_KEYS`; deleting it erases the words."""

    member = models.OneToOneField("accounts.Member", on_delete=models.PROTECT, primary_key=True, related_name="+")
    sealed_key = models.BinaryField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"content key of member {self.member_id}"
