"""The tasks of calls, which the worker's loop runs as coroutines."""

from typing import Any
from uuid import UUID

import msgspec
from celery import shared_task

from models_catalog.providers.base import ChatRequest
from usage import dispatch
from usage.calls import performing


@shared_task(name=dispatch.TASK, ignore_result=True)
async def perform(*, call: str, request: dict[str, Any], keep: bool) -> None:
    """This will run one call; a second message for the same call finds it claimed and does nothing."""
    await performing.perform(UUID(call), msgspec.convert(request, ChatRequest), keep=keep)
