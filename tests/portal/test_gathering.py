"""Single asks go together as sets, and nobody pays for a neighbor's trouble."""

import asyncio
from collections.abc import Sequence

import pytest

from portal.kit.gathering import Gathering


class Doubler:
    """Doubles numbers and remembers in which sets it was asked; a set with a zero fails as a whole."""

    def __init__(self) -> None:
        self.sets: list[list[int]] = []

    async def __call__(self, asked: Sequence[int]) -> list[int]:
        self.sets.append(list(asked))
        await asyncio.sleep(0.01)
        if 0 in asked:
            raise ZeroDivisionError
        return [2 * one for one in asked]


async def ask_all(doubler: Doubler, asked: Sequence[int], *, harmless: bool = True) -> list[int | BaseException]:
    """This will ask for all at once."""
    gathering = Gathering(doubler, most=3, is_harmless=lambda _: harmless)
    return await asyncio.gather(*(gathering.ask(one) for one in asked), return_exceptions=True)


class TestAsk:
    def test_answers_each_with_its_own(self) -> None:
        assert asyncio.run(ask_all(Doubler(), range(1, 9))) == [2, 4, 6, 8, 10, 12, 14, 16]

    def test_goes_together_up_to_the_most(self) -> None:
        doubler = Doubler()
        asyncio.run(ask_all(doubler, range(1, 9)))
        assert doubler.sets == [[1, 2, 3], [4, 5, 6], [7, 8]]

    def test_tries_each_alone_after_a_harmless_failure(self) -> None:
        answers = asyncio.run(ask_all(Doubler(), [1, 0, 3]))
        assert answers[0] == 2
        assert isinstance(answers[1], ZeroDivisionError)
        assert answers[2] == 6

    def test_fails_all_where_something_may_have_changed(self) -> None:
        doubler = Doubler()
        answers = asyncio.run(ask_all(doubler, [1, 0, 3], harmless=False))
        assert all(isinstance(answer, ZeroDivisionError) for answer in answers)
        assert len(doubler.sets) == 1

    def test_works_again_in_another_loop(self) -> None:
        gathering = Gathering(Doubler(), most=3, is_harmless=lambda _: True)
        assert asyncio.run(gathering.ask(4)) == 8
        assert asyncio.run(gathering.ask(5)) == 10

    def test_answers_the_others_when_one_has_left(self) -> None:
        async def live() -> int:
            gathering = Gathering(Doubler(), most=3, is_harmless=lambda _: True)
            leaving, staying = (asyncio.ensure_future(gathering.ask(one)) for one in (1, 2))
            await asyncio.sleep(0)
            leaving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leaving
            return await staying

        assert asyncio.run(live()) == 4

    def test_leaves_out_those_who_left_before_their_turn(self) -> None:
        doubler = Doubler()

        async def live() -> None:
            gathering = Gathering(doubler, most=1, is_harmless=lambda _: True)
            first, leaving, last = (asyncio.ensure_future(gathering.ask(one)) for one in (1, 2, 3))
            await asyncio.sleep(0)
            leaving.cancel()
            await asyncio.wait([first, leaving, last])

        asyncio.run(live())
        assert doubler.sets == [[1], [3]]
