"""The tasks of calls: running one is a coroutine on the worker's loop; tidying up after them is a job."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
from celery import shared_task

from models_catalog.providers.base import ChatRequest
from portal.kit import clock, database
from usage import (
    approvals,
    audits,
    averages,
    conversations,
    digests,
    dispatch,
    factors,
    health,
    key_use,
    radar,
    refusals,
    retirements,
    supplier_costs,
    texts,
)
from usage.calls import performing, upkeep
from usage.models import CHAT


@shared_task(name=dispatch.TASK, ignore_result=True)
async def perform(*, calls: list[dict[str, Any]]) -> None:
    """This will run the calls of a message; those that another message brought before are claimed and left."""
    if len(calls) == 1:  # the usual message, which needs no tasks of its own
        await _perform(**calls[0])
        return
    ended = await asyncio.gather(*(_perform(**one) for one in calls), return_exceptions=True)
    for error in ended:
        if error is not None:
            raise error


async def _perform(*, call: str, request: dict[str, Any], keep: bool) -> None:
    done = await performing.perform(UUID(call), msgspec.convert(request, ChatRequest), keep=keep)
    if done is not None and done.source == CHAT:
        await database.in_thread(conversations.keep_answer, done.call_id, text=done.text, end=done.end)


@shared_task(ignore_result=True)
def forget_answers() -> int:
    """This will forget the answers that were kept for those who ask again under their own key."""
    return upkeep.forget_answers()


@shared_task(ignore_result=True)
def make_partitions() -> int:
    """This will give the calls the partitions of the coming months."""
    return upkeep.make_partitions()


@shared_task(ignore_result=True)
def audit_recent() -> bool:
    """This will audit what moved since the last audit; tells whether the books are in order."""
    return audits.audit_recent().is_clean


@shared_task(ignore_result=True)
def audit_all() -> bool:
    """This will audit everything; tells whether the books are in order."""
    audits.forget()
    return audits.audit_all().is_clean


@shared_task(ignore_result=True)
def learn_factors() -> int:
    """This will learn how much to set aside for each model's prompts."""
    return factors.learn(now=clock.now())


@shared_task(ignore_result=True)
def drop_old_months() -> int:
    """This will drop the months of calls that are not kept any more."""
    return upkeep.drop_old_months()


@shared_task
def forget_refusals() -> int:
    """This will delete refusals that are too old."""
    return refusals.forget(clock.now())


@shared_task(ignore_result=True)
def note_key_calls() -> int:
    """This will note when keys called last."""
    return key_use.note_calls(clock.now())


@shared_task(ignore_result=True)
def remind_of_keys() -> int:
    """This will point out the keys that nobody uses."""
    return key_use.remind(clock.now())


@shared_task
def send_digests() -> int:
    """This will tell guardians about their children's week."""
    return digests.send_due(clock.now())


@shared_task
def look_for_breaks() -> int:
    """This will slow keys that suddenly use far more than they ever did."""
    return radar.look(clock.now())


@shared_task(ignore_result=True)
def remind_of_retirements() -> int:
    """This will tell those who use a model that it is being retired."""
    return retirements.remind(clock.now())


@shared_task(ignore_result=True)
def write_down_hours() -> int:
    """This will write down how models did in the last hours."""
    return health.write_down_hours(clock.now())


@shared_task(ignore_result=True)
def write_down_health() -> int:
    """This will write down how models did in the last hours and the last month."""
    return health.write_down(clock.now())


@shared_task(ignore_result=True)
def write_down_approvals() -> int:
    """This will write down what readers said of answers."""
    return approvals.write_down(clock.now())


@shared_task(ignore_result=True)
def measure_life() -> int:
    """This will measure what things of everyday life take."""
    return averages.write_down(clock.now())


@shared_task(ignore_result=True)
def book_supplier_costs() -> int:
    """This will book what yesterday's calls cost at the vendors."""
    return supplier_costs.book_due(clock.now())


@shared_task(name=texts.TASK, ignore_result=True)
def count_text(*, text_id: str) -> bool:
    """This will count a text that a page waits for; tells whether it still did."""
    return texts.answer(text_id)
