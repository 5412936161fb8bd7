"""From the first visit to a charged answer: the same way at 1280 pixels in English and on a phone in Chinese."""

import random
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.journeys.conftest import WIDE, in_every_size
from tests.journeys.visitor import Visitor
from tests.stand import Stand

pytestmark = pytest.mark.journey

OBSERVATIONS = 5
ARRIVING = "[[script words=60 gap_ms=40]] Count for me."
STOPPED = "[[script words=600 gap_ms=30]] Tell me a long story."
RELOADED = "[[script words=90 gap_ms=40]] Count once more."
MARKS = {"en": "AI-generated", "zh-hans": "人工智能生成"}


@in_every_size
def test_from_the_first_visit_to_a_charged_answer(
    visit: Callable[..., Visitor], stand: Stand, language: str, size: dict[str, int]
) -> None:
    someone = visit(size)
    someone.read_in(language)
    number = f"+86139{random.randrange(10**8):08}"
    _sign_up(someone, number)
    _found(someone)
    _be_refused_without_credits(someone)
    _buy(someone)

    _watch_an_answer(someone, mark=MARKS[language])
    _pick_a_chinese_word(someone)
    _stop_an_answer(someone)
    _reload_in_mid_answer(someone)

    calls = _calls_of(stand, number)
    assert len(calls) == 3, "one call a question"
    _check_charges(stand, calls)
    _check_receipt(someone)
    _check_usage(someone, calls)
    _check_strangers(visit, stand, calls, someone)
    someone.check_no_complaint()
    stand.manage("audit_ledger")


def _sign_up(someone: Visitor, number: str) -> None:
    someone.go("/accounts/signup/?next=/chat/")
    assert not someone.page.locator("[name=agreed]").is_checked()
    someone.page.fill("[name=contact]", number)
    someone.page.check("[name=agreed]")
    someone.send()
    someone.arrive("/accounts/phone/verify/")
    someone.page.fill("[name=code]", someone.code_sent_to(number))
    someone.send()
    someone.arrive("/accounts/founding/")


def _found(someone: Visitor) -> None:
    someone.page.check("[name=kind][value=household]")
    someone.page.fill("[name=name]", "Journey 之家")
    someone.send()
    someone.arrive("/chat/")


def _be_refused_without_credits(someone: Visitor) -> None:
    """The refusal stands in the composer, the draft stays, and the way to the plans is one tap."""
    someone.page.fill("#question", "Why?")
    someone.send("#compose")
    someone.page.wait_for_selector("#compose [data-refusal] .notice")
    assert someone.page.input_value("#question") == "Why?"
    assert someone.page.locator("article.answer, a.heading[href^='/chat/']").count() == 0
    someone.page.locator("#compose [data-refusal] a").click()
    someone.arrive("/plans/")


def _buy(someone: Visitor) -> None:
    someone.page.locator("a[href='/checkout/starter/']").first.click()
    someone.arrive("/checkout/starter/")
    assert "9.90" in someone.page.inner_text("main .lines .sum")
    assert someone.page.input_value("[name=phone]"), "who signed up by phone need not type it again"
    someone.send("main form[method=post]")
    someone.arrive("/checkout/orders/")
    with someone.page.expect_popup() as opened:
        someone.page.locator("#standing a[target=_blank]").click()
    phone = opened.value
    code = phone.locator(".code").first.inner_text()
    phone.close()
    someone.page.fill("[name=code]", code)
    someone.send("form[action$='/code/']")
    someone.arrive("/checkout/orders/")
    someone.page.locator("#standing a.primary[href='/chat/']").click()
    someone.arrive("/chat/")


def _watch_an_answer(someone: Visitor, *, mark: str) -> None:
    someone.choose("fast")
    answer = someone.ask(ARRIVING)
    someone.arrive("/chat/0")
    seen = [0]
    for _ in range(OBSERVATIONS):
        seen.append(someone.await_letters(seen[-1]))
    someone.await_end()
    text = answer.locator("[data-part=text]").inner_text()
    assert len(text) > seen[-1]
    assert _words(text) == list(range(1, 61))
    assert mark in answer.inner_text()
    assert answer.locator(".receipt strong").count() == 1


def _pick_a_chinese_word(someone: Visitor) -> None:
    """Enter that ends the composing of a word sends nothing."""
    someone.page.fill("#question", "天空")
    enter = {"key": "Enter", "isComposing": True, "bubbles": True, "cancelable": True}
    someone.page.dispatch_event("#question", "keydown", enter)
    assert someone.page.locator("#compose [aria-busy=true]").count() == 0
    assert someone.page.input_value("#question") == "天空"


def _stop_an_answer(someone: Visitor) -> None:
    answer = someone.ask(STOPPED)
    someone.await_letters(40)
    answer.locator("[data-part=stop] button").click()
    someone.await_end()
    words = _words(answer.locator("[data-part=text]").inner_text())
    assert words == list(range(1, len(words) + 1))
    assert 0 < len(words) < 600


def _reload_in_mid_answer(someone: Visitor) -> None:
    someone.ask(RELOADED)
    seen = someone.await_letters(60)
    someone.page.reload()
    someone.await_letters(seen)
    someone.await_end()
    answer = someone.page.locator("article.answer").last
    assert _words(answer.locator("[data-part=text]").inner_text()) == list(range(1, 91))
    assert someone.page.locator("article.answer").count() == 3


def _calls_of(stand: Stand, number: str) -> list[dict[str, Any]]:
    statement = """
        SELECT c.id, c.how, c.charged_microcredits AS charged, c.account_id,
          (SELECT count(*) FROM plans_journal j WHERE j.id = c.id) AS journals,
          (SELECT sum(amount_microcredits) FROM usage_calllot l WHERE l.call_id = c.id) AS drawn
        FROM usage_call c JOIN accounts_member m ON m.id = c.member_id JOIN accounts_user u ON u.id = m.user_id
        WHERE u.phone = %s ORDER BY c.id"""
    return stand.rows(statement, [number])


def _check_charges(stand: Stand, calls: list[dict[str, Any]]) -> None:
    assert [call["how"] for call in calls] == ["usage", "estimate_left", "usage"]
    for call in calls:
        assert call["journals"] == 1
        assert call["drawn"] == call["charged"] > 0
        assert httpx.get(f"{stand.sandbox_url}/upstream/hits/{call['id']}").json()["count"] == 1
    account = calls[0]["account_id"]
    assert not stand.rows("SELECT id FROM plans_hold WHERE account_id = %s", [account])
    spent = stand.rows("SELECT sum(spent) AS spent FROM plans_lot WHERE account_id = %s", [account])
    assert spent[0]["spent"] == sum(call["charged"] for call in calls)


def _check_receipt(someone: Visitor) -> None:
    """Lines = credits = lots drawn, as anybody can add up."""
    someone.page.locator("article.answer").last.locator("a[href^='/usage/calls/']").click()
    someone.arrive("/usage/calls/")
    lines = someone.figures(".paper > .lines > li:not(.sum) > span:last-child")
    drawn = someone.figures(".paper .stack .lines:has(.sum) > li:not(.sum) > span:last-child")
    sums = someone.figures(".paper .lines > li.sum > span:last-child")
    assert sums == [sum(lines), sum(drawn)]
    assert sums[0] == sums[1] > 0


def _check_usage(someone: Visitor, calls: list[dict[str, Any]]) -> None:
    """Days = members = calls = month."""
    someone.go("/usage/")
    assert someone.page.locator("svg.bars rect").count() == 1, "one person asked on one day"
    month = sum(call["charged"] for call in calls)
    days = someone.figures(".chart table tbody tr td:last-child")
    together = someone.figures(".chart table tfoot td")
    members = someone.figures("table.cards:has(tfoot) tbody tr td:nth-child(3)")
    listed = someone.figures("#calls tbody tr td:last-child")
    assert sum(days) == together[0] == sum(members) == sum(listed)
    assert sum(days) * 1_000_000 == month
    assert someone.figures("table.cards tfoot td:nth-child(3)") == [sum(members)]


def _check_strangers(
    visit: Callable[..., Visitor], stand: Stand, calls: list[dict[str, Any]], someone: Visitor
) -> None:
    """Nobody else reads the stream of an answer, nor stops it."""
    stream = f"{stand.base_url}/chat/answers/{calls[0]['id']}/stream/"
    assert someone.page.request.get(stream).status == 200
    assert visit(WIDE).page.request.get(stream).status == 404


def _words(text: str) -> list[int]:
    """The scripted upstream counts its words, so that a lost or doubled one is seen."""
    return [int(number) for number in re.findall(r"word(\d+)", text)]
