"""The reasons for which a call is not opened."""

from portal.kit.refusals import Refusal, gettext_noop


class NoCredits(Refusal):
    """The usable lots hold less than the call may cost; `available` and `needed` are microcredits."""

    code = "insufficient_quota"
    status = 402
    sentence = gettext_noop(
        "There are not enough credits for this call. Buy a pack or a plan, or ask for a shorter answer."
    )


class NotInPlan(NoCredits):
    """The account has credits, but none of them are good for this model."""

    sentence = gettext_noop(
        "Your plan does not have this model: the credits of your account are for other models. Choose another model, "
        "or a plan or pack that has it."
    )


class QuotaExceeded(Refusal):
    """A quota leaves less than the call may cost.

    Details say whose it is (`node_kind`, `node_id`), its `window`, in which `metric` it counts, what is `used` and
    `held`, its `limit` with `grace_percent`, how much is `needed` at least, and when it `resets_at`.
    """

    code = "quota_exceeded"
    status = 429
    sentence = gettext_noop(
        "A quota leaves too little for this call. Wait until it starts anew, or ask the owner for more."
    )


class SetAside(QuotaExceeded):
    """Credits are left, but others have them set aside; details say available, needed and set_aside.

    They also tell of the slice that keeps most, as of any other quota.
    """

    sentence = gettext_noop("What is left of the credits is set aside for others. Ask the owner for more.")


class Paused(Refusal):
    """The member, a department, the project or the scenario is paused."""

    code = "paused"
    status = 403
    sentence = gettext_noop("Calls are paused here. Ask the account's owner to go on.")


class ModelNotAllowed(Refusal):
    """A rule keeps the model from a node of the call: `node_kind`, `node_id`, and `why`, "model" or "route"."""

    code = "model_not_allowed"
    status = 403
    sentence = gettext_noop(
        "This model is not open to you. Choose another one, or ask the account's owner to allow it."
    )


class OnlyReads(Refusal):
    """An auditor sees figures and makes none."""

    code = "only_reads"
    status = 403
    sentence = gettext_noop("Your role reads figures and asks no models. Ask the account's owner for another role.")


class QuietHours(Refusal):
    """A child asks in quiet hours; details say `quiet_from`, `quiet_to` and when they end (`resets_at`)."""

    code = "quiet_hours"
    status = 403
    sentence = gettext_noop(
        "It is quiet time until {quiet_to}. You can go on then, or ask your parents for a bit more."
    )


class MinutesUsed(Refusal):
    """A child's minutes of the day are used; details say `used`, `limit` and when they start anew (`resets_at`)."""

    code = "minutes_used"
    status = 403
    sentence = gettext_noop("Your {limit} minutes of today are used. Tomorrow there are new ones, or ask your parents.")


class ScenarioNotAllowed(Refusal):
    """A child may ask only for what the guardian chose."""

    code = "scenario_not_allowed"
    status = 403
    sentence = gettext_noop(
        "This is only open for what your parents chose. Choose what the question is for, or ask them."
    )


class KeyRevoked(Refusal):
    """The key has ended, or the member has left."""

    code = "invalid_api_key"
    status = 401
    sentence = gettext_noop("This key is no longer valid. Use another one.")


class Suspended(Refusal):
    """The account may not call at all."""

    code = "account_suspended"
    status = 403
    sentence = gettext_noop("This account is suspended. Write to support.")


class Busy(Refusal):
    """The account has too many open calls, or its wallet is locked for too long."""

    code = "too_many_open_calls"
    status = 429
    sentence = gettext_noop("Too many calls are open at once. Try again in a moment.")
    retry_after_seconds = 1


class IdempotencyMismatch(Refusal):
    """The same idempotency key came with another body."""

    code = "idempotency_mismatch"
    status = 422
    sentence = gettext_noop("This idempotency key was used for another request. Use a new key.")


class Repriced(Refusal):
    """Another price row counts at this moment than was asked for: `price_id`, empty where none does."""

    code = "price_changed"
    status = 503
    sentence = gettext_noop(
        "The price of this model is just changing. Nothing was charged; please try again in a moment."
    )
    retry_after_seconds = 1

    @property
    def price_id(self) -> int | None:
        """The row that counts at this moment; None where none does."""
        found = self.details["price_id"]
        return found if isinstance(found, int) else None
