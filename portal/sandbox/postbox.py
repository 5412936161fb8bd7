"""What the payment companies of the sandbox send of their own accord: again and again until it is taken."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from portal.sandbox.misbehavior import Misbehavior

PAUSES = (1.0, 5.0, 30.0, 120.0)
LATE_SECONDS = 3.0
STALE_SECONDS = 3600
TIMEOUT_SECONDS = 5.0
REMEMBERED = 1000
Written = tuple[dict[str, str], bytes]


@dataclass(eq=False)
class Letter:
    """A message on its way: headers and body are written, and so signed, anew for every try, in seconds since 1970.

    `statuses` are what was answered, 0 for nothing.
    """

    address: str
    write: Callable[[int], Written]
    statuses: list[int] = field(default_factory=list)


class Postbox:
    """Sends letters in the order of what happened, but for what is planned to go wrong."""

    def __init__(self, misbehavior: Misbehavior, *, pauses: tuple[float, ...] = PAUSES) -> None:
        self.letters: deque[Letter] = deque(maxlen=REMEMBERED)
        self._misbehavior = misbehavior
        self._pauses = pauses
        self._held: list[Letter] = []
        self._sending: set[asyncio.Task[None]] = set()

    def post(self, letter: Letter) -> None:
        """This will send a letter off; for the thread of the loop. One without an address goes nowhere."""
        take = self._misbehavior.take
        if not letter.address or take("event_missing"):
            return
        if take("event_swapped"):
            self._held.append(letter)
            return
        copies = 2 if take("event_twice") else 1
        after = LATE_SECONDS if take("event_late") else 0.0
        self._send_off([*[letter] * copies, *self._held], after=after)
        self._held = []

    def _send_off(self, letters: list[Letter], *, after: float) -> None:
        self.letters.extend(letters)
        task = asyncio.get_running_loop().create_task(self._deliver(letters, after))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _deliver(self, letters: list[Letter], after: float) -> None:
        await asyncio.sleep(after)
        for letter in letters:
            for pause in (*self._pauses, None):
                status = await self._try(letter)
                letter.statuses.append(status)
                if 200 <= status < 300 or pause is None:  # noqa: PLR2004 - taken, or tried often enough
                    break
                await asyncio.sleep(pause)

    async def _try(self, letter: Letter) -> int:
        seconds = int(time.time()) - (STALE_SECONDS if self._misbehavior.take("event_stale") else 0)
        headers, body = letter.write(seconds)
        if self._misbehavior.take("event_forged"):
            body = body.replace(b"id", b"ID", 1)
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
                answer = await client.post(letter.address, headers=headers, content=body)
        except (httpx.HTTPError, httpx.InvalidURL):
            return 0
        return answer.status_code
