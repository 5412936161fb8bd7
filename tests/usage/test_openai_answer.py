"""How an answer is framed for stock clients, which try again by themselves unless they are told not to."""

import pytest

from usage.dialects import openai_answer
from usage.events import Failed


class TestFailed:
    @pytest.mark.parametrize(
        ("code", "charged"), [("upstream_cut", 7), ("answer_lost", 0), ("sweep_partial", 0)], ids=str
    )
    def test_keeps_a_client_from_paying_twice(self, code: str, charged: int) -> None:
        headers, _body = openai_answer.failed(Failed(code, "Broken.", 503, charged))
        assert headers == [(b"x-should-retry", b"false")]

    def test_lets_it_ask_again_in_a_moment_what_cost_nothing(self) -> None:
        assert openai_answer.failed(Failed("platform", "Broken.", 503))[0] == [(b"retry-after", b"1")]
