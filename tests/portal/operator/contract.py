"""CAMARA's two specifications, and whether what was said between a merchant and an operator keeps to them."""

import json
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import ValidationError  # type: ignore[import-untyped]
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_schema_validator import OAS30Validator

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "camara"
PAYMENTS, REFUNDS = FOLDER / "carrier-billing.yaml", FOLDER / "carrier-billing-refund.yaml"
SERVER = "http://localhost:9091"
IS_HERE = PAYMENTS.exists() and REFUNDS.exists()
UNDOCUMENTED = {405, 503}
"""No operation of the specification speaks of these."""

needs_specification = pytest.mark.skipif(not IS_HERE, reason="CAMARA's specifications are not beside the checkout")

__all__ = ["ValidationError"]

_EVENTS = {
    "org.camaraproject.carrier-billing.v0.payment-pending-validation": "EventPaymentPendingValidation",
    "org.camaraproject.carrier-billing.v0.payment-reserved": "EventPaymentReserved",
    "org.camaraproject.carrier-billing.v0.payment-completed": "EventPaymentCompleted",
    "org.camaraproject.carrier-billing.v0.payment-cancelled": "EventPaymentCancelled",
    "org.camaraproject.carrier-billing.v0.payment-denied": "EventPaymentDenied",
    "org.camaraproject.carrier-billing-refund.v0.refund-completed": "EventRefundCompleted",
    "org.camaraproject.carrier-billing-refund.v0.refund-denied": "EventRefundDenied",
    "org.camaraproject.carrier-billing-refund.v0.refund-in-bill": "EventRefundInBill",
}


def check_exchange(answer: httpx.Response) -> None:
    """This will hold a request and its answer against the specification; a 400 may answer anything."""
    asked = answer.request
    if not IS_HERE or not asked.url.path.startswith(("/carrier-billing/v0.5/", "/carrier-billing-refund/v0.3/")):
        return
    if answer.status_code in UNDOCUMENTED:
        return
    contract = _contract(REFUNDS if "refund" in asked.url.path.split("/")[1] else PAYMENTS)
    request = MockRequest(
        SERVER,
        asked.method.lower(),
        asked.url.path,
        args={name: asked.url.params.get_list(name) for name in asked.url.params},
        headers=dict(asked.headers),
        data=asked.content or None,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Unsupported scheme type")  # OpenID Connect; tokens have their own tests
        if answer.status_code != httpx.codes.BAD_REQUEST:
            contract.validate_request(request)
        response = MockResponse(answer.content, status_code=answer.status_code, headers=dict(answer.headers))
        contract.validate_response(request, response)
    if answer.status_code in {200, 201} and "/refunds" in asked.url.path:
        for refund in _refunds(answer.json()):
            check(refund, REFUNDS, "TotalRefund" if refund["type"] == "total" else "PartialRefund")


def check_event(event: dict[str, Any]) -> None:
    """This will hold an event against the shape of its type."""
    name = _EVENTS[event["type"]]
    if IS_HERE:
        check(event, REFUNDS if "Refund" in name else PAYMENTS, name)


def encoded(body: object) -> bytes:
    """This will write a body as it travels."""
    return json.dumps(body).encode()


def check(value: object, specification: Path, name: str) -> None:
    """This will hold a value against one of the named shapes of a specification."""
    shape = {"allOf": [{"$ref": f"#/components/schemas/{name}"}], "components": _read(specification)["components"]}
    OAS30Validator(shape).validate(value)


def _refunds(told: Any) -> list[dict[str, Any]]:
    found = told if isinstance(told, list) else [told]
    return [each for each in found if "refundId" in each]


@cache
def _contract(specification: Path) -> OpenAPI:
    return OpenAPI.from_file_path(str(specification))


@cache
def _read(specification: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(json.dumps(yaml.safe_load(specification.read_text("utf-8")), default=str))
    return read
