"""The reasons for which a quota refuses a call, said in words: one for each window, and for what it counts."""

from collections.abc import Mapping

from plans import ledger
from plans.ledger import QuotaExceeded
from plans.models import Quota
from portal.kit.refusals import gettext_noop


class NightHourUsed(QuotaExceeded):
    """A new key is braked between midnight and seven."""

    sentence = gettext_noop(
        "The night brake of {told[whose]} stopped this call: {told[used]} of {told[limit]} are used or set aside in"
        " this hour. It starts anew at {told[resets_at]}. {told[ask]} can lift the brake on the page of the key."
    )


class FiveHoursUsed(QuotaExceeded):
    """A window of five hours is used up."""

    sentence = gettext_noop(
        "The 5-hour quota of {told[whose]} leaves too little for this call: {told[used]} of {told[limit]} are used"
        " or set aside. It starts anew at {told[resets_at]}. {told[ask]} can give you more."
    )


class DayUsed(QuotaExceeded):
    """A day is used up."""

    sentence = gettext_noop(
        "The daily quota of {told[whose]} leaves too little for this call: {told[used]} of {told[limit]} are used"
        " or set aside. It starts anew at {told[resets_at]}. {told[ask]} can give you more."
    )


class WeekUsed(QuotaExceeded):
    """A week is used up."""

    sentence = gettext_noop(
        "The weekly quota of {told[whose]} leaves too little for this call: {told[used]} of {told[limit]} are used"
        " or set aside. It starts anew at {told[resets_at]}. {told[ask]} can give you more."
    )


class MonthUsed(QuotaExceeded):
    """A month is used up."""

    sentence = gettext_noop(
        "The monthly quota of {told[whose]} leaves too little for this call: {told[used]} of {told[limit]} are used"
        " or set aside. It starts anew at {told[resets_at]}. {told[ask]} can give you more."
    )


class LifetimeUsed(QuotaExceeded):
    """A quota without an end is used up."""

    sentence = gettext_noop(
        "The quota of {told[whose]} leaves too little for this call: {told[used]} of {told[limit]} are used or"
        " set aside. It does not start anew; {told[ask]} can give you more."
    )


class SetAsideFor(ledger.SetAside):
    """What is left is kept for others."""

    sentence = gettext_noop(
        "What is left of the credits is set aside for others, most of it for {told[whose]}: {told[used]} of"
        " {told[limit]} are used or set aside there. {told[ask]} can give you more."
    )


class SetAsideUntil(SetAsideFor):
    """The same of a slice that starts anew."""

    sentence = gettext_noop(
        "What is left of the credits is set aside for others, most of it for {told[whose]}: {told[used]} of"
        " {told[limit]} are used or set aside there. That quota starts anew at {told[resets_at]}. {told[ask]}"
        " can give you more."
    )


class OfASession(QuotaExceeded):
    """What one session may use is used up, in credits; it never starts anew."""

    sentence = gettext_noop(
        "In this session {told[used]} of {told[limit]} credits of {told[whose]} are used or set aside, which leaves too"
        " little for this call. Begin a new session, or a new conversation."
    )


class CallsOfASession(OfASession):
    """The same in calls."""

    sentence = gettext_noop(
        "In this session {told[used]} of {told[limit]} calls of {told[whose]} are made. Begin a new session, or a new"
        " conversation."
    )


class TokensOfASession(OfASession):
    """The same in tokens."""

    sentence = gettext_noop(
        "In this session {told[used]} of {told[limit]} tokens of {told[whose]} are used or set aside, and this call may"
        " take {told[needed]}. Begin a new session, or a new conversation."
    )


class NeverFits(QuotaExceeded):
    """The call alone needs more than a whole window has: neither to wait nor to begin anew would help."""

    sentence = gettext_noop(
        "This call needs {told[needed]} credits at least, and the quota of {told[whose]} is {told[limit]}. Ask for a"
        " shorter answer, or send less."
    )


class TooManyTokens(NeverFits):
    """The same in tokens."""

    sentence = gettext_noop(
        "This call may take {told[needed]} tokens, and the quota of {told[whose]} is {told[limit]}. Ask for a shorter"
        " answer, or send less."
    )


class NoCalls(NeverFits):
    """A quota of no calls, or of none at once."""

    sentence = gettext_noop("The quota of {told[whose]} lets no call through. {told[ask]} can change it.")


class RateExceeded(QuotaExceeded):
    """A minute's credits are used up. It is soon over, so a program waits `retry_after_seconds` and tries again."""

    code = "rate_limit_exceeded"
    sentence = gettext_noop(
        "{told[used]} of {told[limit]} credits of this minute are used or set aside by {told[whose]}, which leaves too"
        " little for this call. Try again in {retry_after_seconds} seconds."
    )

    def __init__(self, *, retry_after_seconds: int, **details: object) -> None:
        super().__init__(retry_after_seconds=retry_after_seconds, **details)
        self.retry_after_seconds = retry_after_seconds


class CallsOfAMinute(RateExceeded):
    """The same in calls."""

    sentence = gettext_noop(
        "{told[whose]} has made {told[used]} of {told[limit]} calls this minute. Try again in {retry_after_seconds}"
        " seconds."
    )


class TokensOfAMinute(RateExceeded):
    """The same in tokens."""

    sentence = gettext_noop(
        "{told[used]} of {told[limit]} tokens of this minute are used or set aside by {told[whose]}, and this call may"
        " take {told[needed]}. Try again in {retry_after_seconds} seconds."
    )


class AtOnce(RateExceeded):
    """As many calls are open as may be."""

    sentence = gettext_noop(
        "{told[used]} of {told[limit]} calls at once of {told[whose]} are open. Try again as soon as one of them has"
        " ended."
    )


_USED: Mapping[str, type[QuotaExceeded]] = {
    Quota.Window.NIGHT_HOUR: NightHourUsed,
    Quota.Window.FIVE_HOURS: FiveHoursUsed,
    Quota.Window.DAY: DayUsed,
    Quota.Window.WEEK: WeekUsed,
    Quota.Window.MONTH: MonthUsed,
    Quota.Window.LIFETIME: LifetimeUsed,
    Quota.Window.SESSION: OfASession,
    Quota.Window.MINUTE: RateExceeded,
}
_COUNTED: Mapping[tuple[str, str], type[QuotaExceeded]] = {
    (Quota.Window.SESSION, Quota.Metric.CALLS): CallsOfASession,
    (Quota.Window.SESSION, Quota.Metric.TOKENS): TokensOfASession,
    (Quota.Window.MINUTE, Quota.Metric.CALLS): CallsOfAMinute,
    (Quota.Window.MINUTE, Quota.Metric.TOKENS): TokensOfAMinute,
    (Quota.Window.LIFETIME, Quota.Metric.AT_ONCE): AtOnce,
}
_NEVER: Mapping[str, type[NeverFits]] = {
    Quota.Metric.MICROCREDITS: NeverFits,
    Quota.Metric.TOKENS: TooManyTokens,
    Quota.Metric.CALLS: NoCalls,
    Quota.Metric.AT_ONCE: NoCalls,
}
_SOON_ANEW = {Quota.Window.MINUTE, Quota.Window.SESSION}
HUNDRED = 100


def kind_of(refusal: QuotaExceeded) -> type[QuotaExceeded]:
    """This will return the reason that fits what a refusal says of its quota."""
    details = refusal.details
    window, metric = str(details["window"]), str(details["metric"])
    if isinstance(refusal, ledger.SetAside):
        return SetAsideUntil if details["resets_at"] else SetAsideFor
    limit, grace, needed = (int(str(details.get(name, 0))) for name in ("limit", "grace_percent", "needed"))
    fits = needed <= limit + limit * grace // HUNDRED
    if not fits and (window in _SOON_ANEW or metric in {Quota.Metric.TOKENS, Quota.Metric.AT_ONCE}):
        return _NEVER[metric]
    return _COUNTED.get((window, metric), _USED[window])
