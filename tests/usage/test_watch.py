"""The watch over the calls of a process goes on, whatever is wrong with one of them."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from models_catalog.providers.base import ChatRequest
from portal.kit import database
from tests.plans.ledger import books
from tests.stand import Stand
from tests.usage.test_chat_completions import newcomer
from usage import watch
from usage.flights import Flight
from usage.valkey import Valkey

UNWRITABLE = ChatRequest(model="m", messages=[{"role": "user", "content": "x", "number": 2**64}])
LONG_AGO = 0.0


def flight(call_id: UUID, **known: Any) -> Flight:
    """A call that nothing was heard of for a long time."""
    one = Flight(call_id, account_id=1, member_id=1, model="m")
    one.pushed_at = one.heard_at = one.checked_at = LONG_AGO
    for name, value in known.items():
        setattr(one, name, value)
    return one


async def watched(*flights: Flight, until: Flight) -> None:
    """This will watch the flights until one of them has ended."""
    await database.open_pool()
    valkey = Valkey(settings.VALKEY_URL)
    await valkey.connect()
    watching = asyncio.create_task(watch.keep(valkey, {one.call_id: one for one in flights}))
    try:
        async with asyncio.timeout(10):
            while until.end is None:
                assert not watching.done()
                await asyncio.sleep(0.01)
    finally:
        watching.cancel()
        valkey.close()
        await database.close_pool()


class TestKeep:
    def test_looks_after_the_others_when_one_cannot_be(self, stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
        with stand.inside():
            member, _secret = newcomer()
            books.grant(member, 10**9)
            asked = books.ask(member)
            broken = flight(asked.call_id, request=UNWRITABLE, reservation=asked, queue="calls.nowhere")
            lost = flight(books.ask(member).call_id, seen_ended=True)
            asyncio.run(watched(broken, lost, until=lost))
        assert broken.pushes > 0
        assert f"Call {broken.call_id} cannot be looked after" in caplog.text
