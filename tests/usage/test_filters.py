"""The filter of children's lines: what passes, what does not, and that nothing passes without it."""

import importlib
import random
from collections.abc import Iterator

import pytest

from tests.usage import filter_sentences as sentences
from usage import filters
from usage.filters import (
    ALLOWED,
    TIERS,
    UNAVAILABLE,
    Blocked,
    FilterFailed,
    RuleFilter,
    Verdict,
    Window,
    lexicon,
    personal_data,
)

RULES = RuleFilter()
LONG = 200_000
INNOCENT = [(tier, text) for tier, block in sentences.INNOCENT.items() for text in sentences.of(block)]
REFUSED = [(category, text) for category, block in sentences.REFUSED.items() for text in sentences.of(block)]
STRICTER = [
    (tier, category, text)
    for tier, table in sentences.STRICTER.items()
    for category, texts in table.items()
    for text in texts
]
BEFORE = "The rivers of Europe run to many seas, and every one of them has its towns and its songs. "
AFTER = " 长江和黄河从高原流向大海，沿岸有很多城市、村庄和田野，人们在那里种水稻、小麦和棉花。"


class TestRules:
    @pytest.mark.parametrize(("tier", "text"), INNOCENT)
    def test_let_homework_pass_for_the_tier_and_older(self, tier: str, text: str) -> None:
        for older in TIERS[TIERS.index(tier) :]:
            assert RULES.check(text, tier=older) == ALLOWED

    @pytest.mark.parametrize(("category", "text"), REFUSED)
    def test_refuse_every_tier(self, category: str, text: str) -> None:
        for tier in TIERS:
            assert RULES.check(text, tier=tier) == Verdict(is_allowed=False, category=category)

    @pytest.mark.parametrize(("tier", "category", "text"), STRICTER)
    def test_refuse_more_to_younger_ones(self, tier: str, category: str, text: str) -> None:
        oldest = TIERS.index(tier)
        assert {RULES.check(text, tier=younger).category for younger in TIERS[: oldest + 1]} == {category}
        assert {RULES.check(text, tier=older) for older in TIERS[oldest + 1 :]} == {ALLOWED}

    def test_know_an_id_card_and_a_bank_card_by_their_sums(self) -> None:
        assert RULES.check("110105194912310021", tier="under_18") == ALLOWED
        assert RULES.check("4111 1111 1111 1112", tier="under_18") == ALLOWED

    def test_know_no_other_tier(self) -> None:
        with pytest.raises(FilterFailed):
            RULES.check("Hello", tier="grown_up")

    @pytest.mark.parametrize(
        "unit",
        [
            *("a", "a ", "1", "1 ", "1-", "+1 ", "a@", "a.", "s.", "我", "我家住路", "毒 ", "\u200b", "sex ", "4111 "),
            *("i live at 1 a a ", "my name is school ", "我是小学一班的", "build a bomb "),
        ],
    )
    def test_answer_a_text_made_to_keep_them_busy(self, unit: str) -> None:
        assert RULES.check((unit * LONG)[:LONG], tier="under_8").category != "unavailable"

    @pytest.mark.parametrize("name", ["words_en.tsv", "words_zh.tsv"])
    def test_hold_each_word_once(self, name: str) -> None:
        texts = [entry.text for entry in lexicon.entries(name)]
        assert len(texts) == len(set(texts))
        assert max(map(len, texts)) <= filters.HOLD_BACK

    @pytest.mark.parametrize("rule", [*personal_data.PLAIN_RULES, *personal_data.SQUEEZED_RULES])
    def test_span_no_more_than_is_held_back_and_repeat_no_repetition(self, rule: personal_data.Rule) -> None:
        parsed = importlib.import_module("re._parser").parse(rule.pattern.pattern)
        assert parsed.getwidth()[1] <= filters.HOLD_BACK
        assert max(_depths(parsed), default=0) <= 1


class TestCheckSafely:
    def test_returns_what_the_filter_says(self) -> None:
        assert filters.check_safely(RULES, "Hello", tier="under_8") == ALLOWED
        assert filters.check_safely(RULES, "send nudes", tier="under_8").category == "sexual"

    def test_refuses_without_a_filter(self) -> None:
        assert filters.check_safely(None, "Hello", tier="under_8") == UNAVAILABLE

    @pytest.mark.parametrize("error", [FilterFailed("gone"), ValueError(), RecursionError(), OSError()])
    def test_refuses_when_the_filter_fails(self, error: Exception) -> None:
        assert filters.check_safely(_Failing(error), "Hello", tier="under_8") == UNAVAILABLE

    def test_refuses_for_a_tier_that_nobody_knows(self) -> None:
        assert filters.check_safely(RULES, "Hello", tier="") == UNAVAILABLE


class TestVerdict:
    def test_is_of_one_piece(self) -> None:
        for is_allowed, category in ((True, "drugs"), (False, ""), (False, "rude")):
            with pytest.raises(AssertionError):
                Verdict(is_allowed=is_allowed, category=category)


class TestWindow:
    @pytest.mark.parametrize("seed", range(3))
    def test_lets_the_innocent_pass_whole_however_it_is_cut(self, seed: int) -> None:
        text = " ".join(text for _tier, text in INNOCENT)
        window = Window(RULES, tier="under_18")
        assert "".join(map(window.feed, _pieces(text, seed))) + window.finish() == text

    @pytest.mark.parametrize(("category", "text"), REFUSED)
    def test_lets_nothing_pass_of_what_is_refused(self, category: str, text: str) -> None:
        for seed in range(3):
            released, verdict = _stream(BEFORE * 6 + text + "\n" + AFTER * 3, seed)
            assert verdict.category == category
            assert (BEFORE * 6).startswith(released)
            assert len(released) > len(BEFORE)

    def test_blocks_at_the_end_what_is_refused_there(self) -> None:
        window = Window(RULES, tier="under_8")
        assert not window.feed("send nudes")
        with pytest.raises(Blocked):
            window.finish()

    def test_finds_words_across_any_number_of_unseen_characters(self) -> None:
        for gap in ("\u200b" * 900, " " * 900, "*" * 900):
            released, verdict = _stream(BEFORE * 3 + "毒" + gap + "品" + AFTER * 3, seed=1)
            assert verdict.category == "drugs"
            assert "毒" not in released

    def test_stays_shut_once_it_is(self) -> None:
        window = Window(RULES, tier="under_8")
        with pytest.raises(Blocked):
            window.feed("send nudes" + AFTER)
        for again in (window.finish, lambda: window.feed("Hello")):
            with pytest.raises(Blocked) as blocked:
                again()
            assert blocked.value.verdict.category == "sexual"

    @pytest.mark.parametrize("judge", [None, RULES])
    def test_passes_nothing_on_unjudged(self, judge: RuleFilter | None) -> None:
        window = Window(judge, tier="nobody's")
        with pytest.raises(Blocked) as blocked:
            window.feed("Hello")
        assert blocked.value.verdict == UNAVAILABLE

    def test_gives_up_on_what_holds_no_letters(self) -> None:
        _released, verdict = _stream("Hello" + "\u200b" * 5_000, seed=1)
        assert verdict == UNAVAILABLE

    def test_keeps_little(self) -> None:
        window = Window(RULES, tier="under_8")
        for piece in _pieces(BEFORE * 50, seed=1):
            window.feed(piece)
            assert len(window._text) < 600


class _Failing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def check(self, text: str, *, tier: str) -> Verdict:
        raise self.error


def _pieces(text: str, seed: int) -> Iterator[str]:
    chance, start = random.Random(seed), 0
    while start < len(text):
        end = start + chance.choice((1, 1, 2, 3, 5, 20))
        yield text[start:end]
        start = end


def _stream(text: str, seed: int) -> tuple[str, Verdict]:
    window, released = Window(RULES, tier="under_16"), ""
    try:
        for piece in _pieces(text, seed):
            released += window.feed(piece)
        released += window.finish()
    except Blocked as blocked:
        return released, blocked.verdict
    return released, ALLOWED


def _depths(parsed: object, depth: int = 0) -> Iterator[int]:
    """This will yield how deep repetitions lie in each other; a question mark repeats nothing."""
    if isinstance(parsed, tuple) and len(parsed) == 2 and str(parsed[0]) == "MAX_REPEAT":
        _least, most, body = parsed[1]
        yield depth + (most > 1)
        yield from _depths(body, depth + (most > 1))
    elif hasattr(parsed, "__iter__") and not isinstance(parsed, str):
        for part in parsed:
            yield from _depths(part, depth)
