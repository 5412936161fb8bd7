"""What the sandbox operator answers: bodies, refusals with their codes, and how they travel."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

_encode = msgspec.json.Encoder(decimal_format="number").encode
PAYMENTS, REFUNDS = "CARRIER_BILLING", "CARRIER_BILLING_REFUND"
"""What the codes of the two interfaces begin with."""


@dataclass(frozen=True)
class Answer:
    """One answer; `body` is the JSON of it, or None where there is none, or bytes that are no JSON at all."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> tuple[bytes, str]:
        """This will return the bytes and their media type."""
        if self.body is None:
            return b"", ""
        if isinstance(self.body, bytes):
            return self.body, "text/html"
        return _encode(self.body), "application/json"


@dataclass(frozen=True)
class Problem:
    """An error of the specification."""

    status: int
    code: str
    message: str

    def answer(self) -> Answer:
        """This will return the error as it is told."""
        return Answer(self.status, {"status": self.status, "code": self.code, "message": self.message})


class Refused(Exception):
    """What was asked for does not happen, and the problem says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


INVALID = Problem(400, "INVALID_ARGUMENT", "Client specified an invalid argument, request body or query param.")
WRONG_CURRENCY = Problem(400, "INVALID_ARGUMENT", "Currency is unknown or not authorized.")
SAME_CORRELATOR = Problem(400, "INVALID_ARGUMENT", "clientCorrelator already exist on server.")
INVALID_CREDENTIAL = Problem(400, "INVALID_CREDENTIAL", "Only Access token is supported.")
INVALID_TOKEN = Problem(400, "INVALID_TOKEN", "Only bearer token is supported.")
INVALID_SINK = Problem(400, "INVALID_SINK", "sink not valid for the specified protocol.")
OUT_OF_RANGE = Problem(400, "OUT_OF_RANGE", "Client specified an invalid range.")
INVALID_AUTHORIZATION = Problem(400, f"{PAYMENTS}.INVALID_AUTHORIZATION_ID", "Invalid authorizationId.")
INVALID_CODE = Problem(400, f"{PAYMENTS}.INVALID_CODE", "Invalid code.")
ATTEMPTS_CONSUMED = Problem(
    400, f"{PAYMENTS}.VALIDATION_FAILED", "the maximum number of attempts have been consumed for this validation."
)
UNAUTHENTICATED = Problem(401, "UNAUTHENTICATED", "Request not authenticated due to missing or invalid credentials.")
NOT_PERMITTED = Problem(403, "PERMISSION_DENIED", "This payment does not permit that as it stands.")
PAYMENT_DENIED = Problem(403, f"{PAYMENTS}.PAYMENT_DENIED", "Payment denied by business.")
NOT_FOUND = Problem(404, "NOT_FOUND", "The specified resource is not found.")
UNKNOWN_NUMBER = Problem(404, "IDENTIFIER_NOT_FOUND", "The phone number is not served here.")
METHOD_NOT_ALLOWED = Problem(405, "METHOD_NOT_ALLOWED", "The requested method is not allowed on the target resource.")
VALIDATED = Problem(409, "ALREADY_EXISTS", "Payment already validated.")
CONFIRMED = Problem(409, f"{PAYMENTS}.PAYMENT_CONFIRMED", "Payment has been confirmed.")
CANCELLED = Problem(409, f"{PAYMENTS}.PAYMENT_CANCELLED", "Payment has been cancelled.")
MISSING_IDENTIFIER = Problem(422, "MISSING_IDENTIFIER", "The phone number cannot be identified.")
UNNECESSARY_IDENTIFIER = Problem(
    422, "UNNECESSARY_IDENTIFIER", "The phone number is already identified by the access token."
)
NOT_APPLICABLE = Problem(422, "SERVICE_NOT_APPLICABLE", "The service is not available for the provided identifier.")
UNAUTHORIZED_AMOUNT = Problem(422, f"{PAYMENTS}.UNAUTHORIZED_AMOUNT", "Unauthorized amount requested.")
OVERPASSED = Problem(
    422,
    f"{PAYMENTS}.USER_AMOUNT_THRESHOLD_OVERPASSED",
    "Unauthorized payment request. Accumulated user mobile payments overpass account amount threshold.",
)
TOO_MANY_REQUESTS = Problem(429, "TOO_MANY_REQUESTS", "Rate limit reached.")
UNAVAILABLE = Problem(503, "UNAVAILABLE", "Service unavailable.")

REFUND_DENIED = Problem(403, f"{REFUNDS}.REFUND_DENIED", "Refund denied by business.")
NOT_ELIGIBLE = Problem(403, f"{REFUNDS}.PAYMENT_NOT_ELIGIBLE_FOR_REFUND", "Payment not eligible for refund.")
TOO_MUCH_BACK = Problem(422, f"{REFUNDS}.UNAUTHORIZED_AMOUNT", "Unauthorized amount requested.")
REFUNDS_OVERPASSED = Problem(
    422,
    f"{REFUNDS}.USER_AMOUNT_THRESHOLD_OVERPASSED",
    "Unauthorized refund request. Accumulated user mobile refunds overpass account amount threshold.",
)
NOT_COMPLETED = Problem(422, f"{REFUNDS}.INVALID_PAYMENT_STATUS", "Payment is not yet completed.")
OTHER_TAXES = Problem(
    422,
    f"{REFUNDS}.TAXES_MANAGEMENT_MISMATCH",
    "Inconsistent isTaxIncluded value with regards to related payment.",
)
OTHER_DETAILS = Problem(
    422, f"{REFUNDS}.REFUND_DETAILS_MISMATCH", "Inconsistent refundDetails information with regards to related payment."
)


def invalid_date_range(interface: str) -> Problem:
    """This will return the problem of two dates that cannot bound anything."""
    return Problem(400, f"{interface}.INVALID_DATE_RANGE", "Client specified an invalid date range.")
