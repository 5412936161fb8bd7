"""The tasks of calls, which the worker's loop runs as coroutines."""

from typing import Any
from uuid import UUID

import msgspec
from celery import shared_task

from models_catalog.providers.base import ChatRequest
from portal.kit import database
from usage import conversations, dispatch
from usage.calls import performing

CHAT = "chat"


@shared_task(name=dispatch.TASK, ignore_result=True)
async def perform(*, call: str, request: dict[str, Any], keep: bool) -> None:
    """This will run one call; a second message for the same call finds it claimed and does nothing."""
    done = await performing.perform(UUID(call), msgspec.convert(request, ChatRequest), keep=keep)
    if done is not None and done.source == CHAT:
        await database.in_thread(conversations.keep_answer, done.call_id, text=done.text, end=done.end)
