"""A household that has asked: its people, a model with its price, and calls that were really settled."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from accounts import accounts
from accounts.models import Member, User
from models_catalog import catalog
from models_catalog.catalog import Offer
from models_catalog.models import Price
from models_catalog.pricing import Usage, cost
from plans.models import Lot
from portal.kit.units import credits
from tests import kept
from tests.plans.ledger import books
from usage import conversations
from usage.calls.endings import Charge, Ending
from usage.events import Finished
from usage.models import Call, Conversation, How, Turn

ADDRESSES: Mapping[str, str] = {"model_url": "", "sandbox_url": "http://127.0.0.1:9"}
QUESTION = "Why is the sky blue, 小明 asks?"
ANSWER = "Because of **scattering**."


@dataclass(frozen=True)
class Home:
    """An owner, an adult and a child of one household, and the owner of another account."""

    owner: Member
    adult: Member
    child: Member
    stranger: Member


def assemble(*, now: datetime) -> Home:
    """This will found the household, fill its tank, and put models on the shelf."""
    kept.catalog(now=now, addresses=ADDRESSES)
    catalog.forget()
    owner = accounts.found(_user("olga"), kind="household", name="Olga's home", now=now)
    stranger = accounts.found(_user("stan"), kind="business", name="Stan & Co", now=now)
    home = Home(owner, _join(owner, "adult", now=now), _join(owner, "child", now=now), stranger)
    grant(owner, 1_000_000, source="plan", name="Starter")
    return home


def grant(member: Member, whole: int, **terms: object) -> Lot:
    """This will put whole credits into the member's account."""
    return Lot.objects.get(pk=books.grant(member, credits(whole), **terms))


def called(  # noqa: PLR0913 - a call is exactly these facts
    member: Member,
    *,
    used: Usage,
    name: str = "fast",
    how: How = How.USAGE,
    held: int = 0,
    prompt_tokens: int = 10,
    api_key_id: int | None = None,
) -> Call:
    """This will set credits aside for a call and settle it with what it used."""
    offer = catalog.offer(name)
    price = cost(used, offer.rates) if used != Usage() else 0
    asked = books.ask(
        member,
        max(held or price, 1),
        chat_model_id=offer.chat_model_id,
        price_id=offer.price_id,
        source="chat",
        prompt_tokens=prompt_tokens,
        api_key_id=api_key_id,
    )
    assert books.reserve(asked)[0][0] == "ok"
    charge = Charge(used, min(price, held or price), how, cost=price)
    settle(Ending(asked.call_id, charge, finish_reason="stop"))
    return Call.objects.select_related("price").get(pk=asked.call_id)


def settle(ending: Ending) -> None:
    """This will end a call as a worker does."""
    body = orjson.dumps([ending.as_json(now=time.monotonic())]).decode()
    rows = books.fetch("SELECT outcome FROM call_settle(%s::jsonb)", body)
    assert rows == [("ok",)]


def asked(member: Member, *, call_id: UUID, now: datetime, text: str = QUESTION) -> Turn:
    """This will write down a first question whose answer is awaited."""
    return conversations.open_turns(member, conversation=None, text=text, model_name="fast", call_id=call_id, now=now)


def answered(member: Member, *, now: datetime) -> tuple[Conversation, Call]:
    """This will have a conversation of one question, answered, charged and kept."""
    call = called(member, used=Usage(in_fresh=11, out_text=90))
    turn = asked(member, call_id=call.pk, now=now)
    assert conversations.keep_answer(call.pk, text=ANSWER, end=finished())
    return turn.conversation, call


def finished(reason: str = "stop") -> Finished:
    """The end of a call that went well."""
    return Finished(Usage(), 0, None, "usage", reason)


def offer_of(name: str) -> Offer:
    """This will return what a model costs now."""
    return catalog.offer(name)


def price_of(call: Call) -> Price:
    """This will return the row that a call was priced by."""
    price: Price = call.price
    return price


def _user(name: str) -> User:
    return User.objects.create_user(f"{name}@example.com", name=name)


def _join(owner: Member, role: str, *, now: datetime) -> Member:
    return Member.objects.create(account=owner.account, user=_user(role), role=role, name=role, joined_at=now)
