"""Asks in sets: what is asked while one set is under way waits, and goes together as the next set."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")


class Gathering(Generic[Ask, Answer]):
    """Hands single asks of a process to `verb` as sets: alone at once when idle, together when busy.

    `verb` answers in the order asked. When it fails in a way that surely changed nothing (`is_harmless`), each
    ask of the set is tried once more on its own, so that nobody pays for a neighbor's trouble. Who no longer
    waits when the set is made up is left out of it.
    """

    def __init__(
        self,
        verb: Callable[[list[Ask]], Awaitable[Sequence[Answer]]],
        *,
        most: int,
        is_harmless: Callable[[Exception], bool],
    ) -> None:
        self._verb = verb
        self._most = most
        self._is_harmless = is_harmless
        self._waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, list[tuple[Ask, asyncio.Future[Answer]]]] = (
            WeakKeyDictionary()
        )
        self._working: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[None]] = WeakKeyDictionary()

    async def ask(self, one: Ask) -> Answer:
        """This will return the answer to `one`, or raise what `verb` raised."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.setdefault(loop, []).append((one, answer))
        if loop not in self._working:
            self._working[loop] = loop.create_task(self._work(loop))
        return await answer

    async def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        waiting = self._waiting[loop]
        try:
            while waiting:
                taken = [each for each in waiting if not each[1].done()][: self._most]
                waiting[:] = [each for each in waiting if not each[1].done()][self._most :]
                if taken:
                    await self._answer(taken)
        finally:
            del self._working[loop]
            for _, answer in waiting:
                answer.cancel()

    async def _answer(self, taken: list[tuple[Ask, "asyncio.Future[Answer]"]]) -> None:
        try:
            answers = await self._verb([one for one, _ in taken])
        except asyncio.CancelledError:
            for _, waiting in taken:
                waiting.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - whoever asked gets it
            await self._fail(taken, error)
        else:
            for (_, waiting), answer in zip(taken, answers, strict=True):
                if not waiting.done():
                    waiting.set_result(answer)

    async def _fail(self, taken: list[tuple[Ask, "asyncio.Future[Answer]"]], error: Exception) -> None:
        if len(taken) > 1 and self._is_harmless(error):
            await asyncio.gather(*(self._answer([one]) for one in taken))
            return
        for _, waiting in taken:
            if not waiting.done():
                waiting.set_exception(error)
