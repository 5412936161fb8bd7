"""Texts are counted as a second, independent implementation counts them, and estimated as closely as is said.

`texts/counted.json` was written by `texts/count.mjs`, whose head says how; its texts are our own words.
`texts/prose.json` holds longer ones of many kinds, some of them classics, each either everyday prose or not.
"""

import json
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from models_catalog import tokenizers
from models_catalog.tokenizers import Piece

ROWS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "texts" / "counted.json").read_text(encoding="utf-8"),
)
EVERYDAY = {"english", "chinese", "japanese", "spanish"}
PROSE: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "texts" / "prose.json").read_text(encoding="utf-8"),
)
OF_KIND: dict[str, list[dict[str, Any]]] = defaultdict(list)
for _row in ROWS:
    OF_KIND[_row["kind"]].append(_row)
TOLERATED_PERMILLE = 150


def is_close(estimated: int, reference: int) -> bool:
    return abs(estimated - reference) * 1000 <= reference * TOLERATED_PERMILLE


class TestCount:
    def test_the_texts_are_many_and_of_many_languages(self) -> None:
        assert len(ROWS) >= 56
        assert {"english", "chinese", "japanese", "spanish", "russian", "arabic", "code"} <= set(OF_KIND)

    @pytest.mark.parametrize("name", tokenizers.OFFLINE)
    def test_agrees_with_a_second_implementation_on_every_text(self, name: str) -> None:
        wrong = [row["text"] for row in ROWS if tokenizers.count(row["text"], name).tokens != row[name]]
        assert wrong == []

    @pytest.mark.parametrize("name", tokenizers.OFFLINE)
    def test_gives_pieces_that_are_the_text_again_without_broken_characters(self, name: str) -> None:
        for row in ROWS:
            found = tokenizers.count(row["text"], name)
            assert "".join(piece.text for piece in found.pieces) == row["text"]
            assert sum(piece.tokens for piece in found.pieces) == found.tokens
            assert found.is_exact
            assert not found.is_rough

    def test_counts_nothing_in_nothing(self) -> None:
        assert tokenizers.count("", tokenizers.QWEN).tokens == 0

    def test_takes_special_tokens_that_are_written_out_for_text(self) -> None:
        for name in tokenizers.OFFLINE:
            assert tokenizers.count("<|endoftext|>", name).tokens > 1

    def test_reads_an_accent_of_its_own_as_qwen_does(self) -> None:
        assert tokenizers.count("cafe\u0301", tokenizers.QWEN) == tokenizers.count("café", tokenizers.QWEN)
        assert tokenizers.count("cafe\u0301", tokenizers.O200K) != tokenizers.count("café", tokenizers.O200K)

    def test_can_be_asked_from_many_threads_at_once(self) -> None:
        found: list[int] = []
        row = ROWS[0]
        threads = [
            threading.Thread(target=lambda: found.append(tokenizers.count(row["text"], "o200k").tokens))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [row["o200k"]] * 8

    def test_refuses_a_vocabulary_that_is_not_here(self) -> None:
        assert not tokenizers.is_installed("claude")
        with pytest.raises(tokenizers.NotInstalled):
            tokenizers.count("text", "claude")

    def test_knows_what_is_installed_without_loading_it(self) -> None:
        assert all(tokenizers.is_installed(name) for name in tokenizers.OFFLINE)
        assert not tokenizers.is_installed(tokenizers.EMBEDDED)


class TestCounted:
    def test_keeps_tokens_together_that_share_a_character(self) -> None:
        sign = "龘".encode()
        found = tokenizers.counted([b"a", sign[:2], sign[2:], b" b"])
        assert found.pieces == (Piece("a"), Piece("龘", 2), Piece(" b"))
        assert found.tokens == 4

    def test_shows_no_broken_character_where_a_text_ends_within_one(self) -> None:
        assert tokenizers.counted([b"a", "龘".encode()[:2]]).pieces == (Piece("a"), Piece("", 1))


class TestEstimate:
    @pytest.mark.parametrize("kind", OF_KIND)
    def test_is_within_15_percent_of_its_reference_for_every_language_or_rough(self, kind: str) -> None:
        whole = "\n".join(row["text"] for row in OF_KIND[kind])
        found = tokenizers.estimate(whole)
        reference = tokenizers.count(whole, tokenizers.REFERENCE).tokens
        assert is_close(found.tokens, reference)
        assert found.is_rough == (kind not in EVERYDAY)

    @pytest.mark.parametrize("row", PROSE, ids=[row["kind"] for row in PROSE])
    def test_is_within_15_percent_for_everyday_prose_and_rough_for_what_is_none(self, row: dict[str, Any]) -> None:
        found = tokenizers.estimate(row["text"])
        assert len(row["text"]) >= tokenizers.STEADY_CHARACTERS
        assert found.is_rough != row["is_everyday"]
        reference = tokenizers.count(row["text"], tokenizers.REFERENCE).tokens
        assert found.is_rough or is_close(found.tokens, reference)
        assert tokenizers.estimate(row["text"] * 9).is_rough == found.is_rough

    @pytest.mark.parametrize(
        "padding", ["=" * 120, "哈" * 90, "。" * 90, "x" * 90, " " * 60, "…" * 60, "7" * 60, "😀" * 20, "\u0430" * 120]
    )
    def test_is_rough_where_something_else_stands_among_prose(self, padding: str) -> None:
        prose = next(row["text"] for row in PROSE if row["kind"] == "a Chinese chat")
        assert not tokenizers.estimate(prose).is_rough
        assert tokenizers.estimate(f"{prose} {padding}").is_rough

    def test_is_within_15_percent_for_every_single_text_or_rough(self) -> None:
        for row in ROWS:
            found = tokenizers.estimate(row["text"])
            assert found.is_rough or is_close(found.tokens, row[tokenizers.REFERENCE]), row["text"]

    def test_is_rough_for_scripts_that_it_was_not_fitted_to(self) -> None:
        assert tokenizers.estimate("도서관은 아홉 시에 문을 엽니다. " * 30).is_rough
        assert tokenizers.estimate("ห้องสมุดเปิดเก้าโมง" * 30).is_rough

    def test_is_no_exact_count_and_has_no_pieces(self) -> None:
        found = tokenizers.estimate("A plan is a number of credits a month.")
        assert (found.is_exact, found.pieces) == (False, ())
        assert tokenizers.estimate("").tokens == 0
