"""Lets a process of the stand die at one function of the product; does nothing until SIGUSR2 tells it which.

Python imports a module of this name in every process whose PYTHONPATH leads here. See `tests.faults.failing`.
"""

import asyncio
import importlib
import inspect
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

DEAD = 9
LEAVING_SECONDS = 0.05
"""What a coroutine has handed to its sockets is on its way when the process dies."""


def arm(*_: object) -> None:
    """This will put death at the point that stands in VAR_DIR/fail-point, and take the note away."""
    note = Path(os.environ["VAR_DIR"]) / "fail-point"
    point = json.loads(note.read_text(encoding="utf-8"))
    module, _, path = point["function"].partition(":")
    *holders, name = path.split(".")
    holder: Any = importlib.import_module(module)
    for each in holders:
        holder = getattr(holder, each)
    setattr(holder, name, deadly(getattr(holder, name), is_after=point["is_after"], call=point["call"]))
    note.unlink()


def deadly(function: Callable[..., Any], *, is_after: bool, call: int) -> Callable[..., Any]:
    """This will return `function` with the end of the process right before or after its call of that number."""
    seen = 0

    def is_last() -> bool:
        nonlocal seen
        seen += 1
        return seen == call

    async def asked(*args: Any, **kwargs: Any) -> Any:
        last = is_last()
        answer = None if last and not is_after else await function(*args, **kwargs)
        if last:
            await asyncio.sleep(LEAVING_SECONDS)
            os._exit(DEAD)
        return answer

    def called(*args: Any, **kwargs: Any) -> Any:
        last = is_last()
        answer = None if last and not is_after else function(*args, **kwargs)
        if last:
            os._exit(DEAD)
        return answer

    return asked if inspect.iscoroutinefunction(function) else called


signal.signal(signal.SIGUSR2, arm)
