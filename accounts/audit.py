"""Who did what, when and why, written down beside the act itself."""

from datetime import datetime

from accounts.models import Account, AuditEvent, User

LONGEST_SUBJECT = 120
LONGEST_REASON = 300


def record(
    verb: str,
    *,
    subject: str,
    account: Account | None,
    by: User | None,
    now: datetime,
    reason: str = "",
    **details: object,
) -> AuditEvent:
    """This will write down that `by` did `verb` to `subject`; it never holds a secret or a person's text."""
    return AuditEvent.objects.create(
        account=account,
        actor=by,
        verb=verb,
        subject=subject[:LONGEST_SUBJECT],
        reason=reason[:LONGEST_REASON],
        created_at=now,
        details=details,
    )
