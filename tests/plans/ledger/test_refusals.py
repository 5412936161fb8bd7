"""What each refusal tells a caller's program: its code and status, which scripts rely on."""

import pytest

from plans import ledger
from portal.kit.refusals import Refusal


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (ledger.NoCredits, 402, "insufficient_quota"),
        (ledger.QuotaExceeded, 429, "quota_exceeded"),
        (ledger.SetAside, 429, "quota_exceeded"),
        (ledger.Paused, 403, "paused"),
        (ledger.KeyRevoked, 401, "invalid_api_key"),
        (ledger.Suspended, 403, "account_suspended"),
        (ledger.Repriced, 503, "price_changed"),
        (ledger.Busy, 429, "too_many_open_calls"),
        (ledger.IdempotencyMismatch, 422, "idempotency_mismatch"),
        (ledger.NotRefundable, 409, "not_refundable"),
        (ledger.NotDisputable, 409, "not_disputable"),
        (ledger.NotAdjustable, 409, "not_adjustable"),
        (ledger.NoBooksThen, 400, "no_books_then"),
    ],
)
def test_keep_their_code_and_status(refusal: type[Refusal], status: int, code: str) -> None:
    assert (refusal.status, refusal.code) == (status, code)


def test_of_too_many_calls_says_when_to_come_again() -> None:
    assert ledger.Busy.retry_after_seconds == ledger.Repriced.retry_after_seconds == 1
