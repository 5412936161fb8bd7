"""Stopping the calls of something at once: none waits for another, and none is kept going by what cannot be told."""

import asyncio
import contextlib
from collections.abc import Sequence
from uuid import UUID

from asgiref.sync import async_to_sync

from usage import gateway
from usage.failures import OutOfService

AT_ONCE = 16


def stop(call_ids: Sequence[UUID]) -> None:
    """This will stop open calls, from a thread of a view."""
    if call_ids:
        async_to_sync(stop_all)(call_ids)


async def stop_all(call_ids: Sequence[UUID]) -> None:
    """This will stop open calls; while nobody can be told, they end by themselves."""
    for call_id in call_ids[:1]:  # opens the reception where there is none yet
        await _stop(call_id)
    turns = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(_stop_in_turn(turns, call_id) for call_id in call_ids[1:]))


async def _stop_in_turn(turns: asyncio.Semaphore, call_id: UUID) -> None:
    async with turns:
        await _stop(call_id)


async def _stop(call_id: UUID) -> None:
    with contextlib.suppress(OutOfService):
        await gateway.stop(call_id)
