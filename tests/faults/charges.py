"""What calls were charged through a fault, beside what their clients had read and were told of it."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

import httpx

from portal.kit.units import MICROCREDITS_PER_CREDIT, divide_up
from tests.faults import customers
from tests.faults.outcomes import call_row, exact_charge
from tests.faults.readers import Reader
from tests.stand import Stand
from usage.calls.endings import VOID
from usage.metering import BYTES_PER_TOKEN

COUNTED = {"usage", "sweep_usage"}
PARTIAL = "sweep_partial"
_BOOKED = """
SELECT j.id::text AS call_id, sum(p.amount)::bigint AS charged
FROM plans_journal j JOIN plans_posting p ON p.journal_id = j.id
WHERE j.kind = 'settle' AND p.account_code = 'usage' AND j.id = ANY (%s::uuid[]) GROUP BY j.id
"""


def check_charges(stand: Stand, readers: Sequence[Reader]) -> list[str]:
    """This will check what each reader's call was charged, and return how each charge was found.

    By the vendor's count where the answer is whole, by no more than what was read where it broke off, else nothing.
    """
    return [_check_charge(stand, reader) for reader in readers if reader.call_id]


def check_told(stand: Stand, told: Mapping[str, int]) -> None:
    """This will check that calls, by their ids, were booked with the microcredits that their clients were told."""
    assert told
    booked = {row["call_id"]: row["charged"] for row in stand.rows(_BOOKED, [list(told)])}
    assert booked == told
    assert {call_id: call_row(stand, call_id)["charged_microcredits"] for call_id in told} == told


def told_readers(readers: Sequence[Reader]) -> dict[str, int]:
    """This will return what the end of each whole stream said that it was charged, in microcredits."""
    return {reader.call_id: told_by(reader) for reader in readers if reader.ends == ["done"]}


def told_answers(answers: Sequence[httpx.Response]) -> dict[str, int]:
    """This will return what each whole answer in one piece said that it was charged, in microcredits."""
    return {
        answer.headers["x-request-id"]: microcredits(answer.headers["x-credits-charged"])
        for answer in answers
        if answer.status_code == httpx.codes.OK
    }


def told_by(reader: Reader) -> int:
    """This will return what the end of a stream says that it was charged, in microcredits."""
    (told,) = re.findall(r'"credits_charged":"([^"]+)"', reader.text)
    return microcredits(told)


def microcredits(credits_told: str) -> int:
    """This will read credits as the API writes them."""
    return int(Decimal(credits_told) * MICROCREDITS_PER_CREDIT)


def _check_charge(stand: Stand, reader: Reader) -> str:
    row, exact = call_row(stand, reader.call_id), exact_charge(stand, reader.question)
    how, charged = str(row["how"]), int(str(row["charged_microcredits"]))
    read_tokens = divide_up(len(reader.answer.encode()), BYTES_PER_TOKEN)
    if reader.ends == ["done"]:
        assert how in COUNTED
        assert charged == told_by(reader) == exact
    elif how in COUNTED:
        assert charged == exact
    elif how == PARTIAL:
        assert charged == customers.cost_of(stand, row, customers.usage_of(row)) > 0
        assert 0 < int(str(row["out_text"])) <= read_tokens
    else:
        assert how in VOID
        assert charged == 0
    return how
