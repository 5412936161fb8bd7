"""What has been said in a conversation as people see it: rendered, with the receipt line under each answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from accounts.models import Account
from models_catalog.models import Alias
from plans import ledger
from portal.kit.units import Microcredits
from usage import conversations, failures, guard, markdown, votes
from usage.conversations import Said
from usage.models import Call, Conversation, Turn


@dataclass(frozen=True)
class Line:
    """The receipt line: `sentence` says what failed; a share is taken of `month`, which is 0 without a plan.

    `vote` is whether its reader said that the answer is good; None when nothing was said.
    """

    model: str
    state: str
    charged: Microcredits
    month: Microcredits
    input_tokens: int
    output_tokens: int
    estimated: bool
    sentence: str
    is_household: bool
    has_text: bool
    is_held_back: bool
    may_vote: bool
    vote: bool | None


@dataclass(frozen=True)
class Shown:
    """One turn on the page; `html` is an answer rendered and sanitized."""

    turn: Turn
    text: str
    html: SafeString
    line: Line | None


@dataclass(frozen=True)
class _Known:
    """What all lines of a conversation have in common; whether the votes on its answers were up, by call."""

    account: Account
    month: Microcredits
    names: Mapping[str, str]
    votes: Mapping[UUID, bool]


def shown(conversation: Conversation, *, now: datetime) -> list[Shown]:
    """This will return every turn of a conversation, ready to be shown."""
    return _shown(conversations.read(conversation, now=now), conversation, now=now)


def shown_one(turn: Turn, *, now: datetime) -> Shown:
    """This will return one turn, ready to be shown."""
    said = conversations.read_one(turn, now=now)
    return _shown([said], turn.conversation, now=now)[0]


def month_of(account: Account, *, now: datetime) -> Microcredits:
    """This will return the credits that a month of the account has: what its plans granted, whatever is left."""
    return ledger.granted_by_plans(account.pk, now=now)


def _shown(said: Sequence[Said], conversation: Conversation, *, now: datetime) -> list[Shown]:
    calls = _calls(said, member_id=conversation.member_id)
    known = _Known(
        account=conversation.account,
        month=month_of(conversation.account, now=now),
        names={alias.slug: str(alias) for alias in Alias.objects.all()},
        votes=votes.of(calls),
    )
    return [_show(each, calls.get(each.turn.call_id) if each.turn.call_id else None, known) for each in said]


def _calls(said: Sequence[Said], *, member_id: int) -> dict[UUID, Call]:
    """What an answer cost is told to whom it was charged, not to whom the conversation was handed over."""
    found = Call.objects.filter(pk__in=[each.turn.call_id for each in said if each.turn.call_id], member_id=member_id)
    return {call.pk: call for call in found.select_related("chat_model__vendor")}


def _show(said: Said, call: Call | None, known: _Known) -> Shown:
    if said.turn.role == Turn.QUESTION:
        return Shown(said.turn, said.text, SafeString(), None)
    name = known.names.get(said.turn.model_name, said.turn.model_name)
    line = Line(
        model=f"{name} · {call.chat_model.vendor}" if call else name,
        state=call.state if call else "",
        charged=Microcredits(call.charged_microcredits if call else 0),
        month=known.month,
        input_tokens=call.input_tokens if call else 0,
        output_tokens=call.output_tokens if call else 0,
        estimated=bool(call and call.estimated),
        sentence=gettext(failures.sentence_of(said.turn.error_code)) if said.turn.state == Turn.FAILED else "",
        is_household=known.account.kind == Account.Kind.HOUSEHOLD,
        has_text=bool(said.text),
        is_held_back=bool(call and call.finish_reason == guard.CONTENT_FILTER),
        may_vote=votes.may_vote(said.turn, call),
        vote=known.votes.get(call.pk) if call else None,
    )
    html = SafeString(markdown.render(said.text))  # sanitized there
    return Shown(said.turn, said.text, html, line)
