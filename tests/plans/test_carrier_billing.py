"""What we say to an operator and what the sandbox answers, held against CAMARA's own specification."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from plans.payment_providers.base import (
    Charge,
    Denied,
    Forged,
    Message,
    Repayment,
    Standing,
    Unaccepted,
    Unanswered,
    Unknown,
    WrongCode,
)
from plans.payment_providers.carrier_billing import CarrierBilling
from portal.kit.units import Money
from portal.sandbox.operator import Operator
from tests.plans.cast import ASKED_PHONE, listening, scripted

CAMARA = Path(__file__).resolve().parents[3] / "shared" / "camara"
SPECIFICATION = CAMARA / "carrier-billing.yaml"
REFUNDS = CAMARA / "carrier-billing-refund.yaml"
SERVER = "http://localhost:9091"
TOKEN = "operator-token"
UNDOCUMENTED = {httpx.codes.SERVICE_UNAVAILABLE}

needs_specification = pytest.mark.skipif(
    not SPECIFICATION.exists(), reason="CAMARA's specification is not beside the checkout"
)


@pytest.fixture
def heard() -> list[httpx.Response]:
    return []


@pytest.fixture
def operator() -> Operator:
    return Operator(TOKEN)


@pytest.fixture
def billing(heard: list[httpx.Response], operator: Operator) -> Iterator[CarrierBilling]:
    def listen(answer: httpx.Response) -> None:
        answer.read()
        heard.append(answer)

    with (
        listening(operator) as address,
        httpx.Client(
            base_url=address,
            headers={"authorization": f"Bearer {TOKEN}"},
            event_hooks={"response": [listen]},
            timeout=2.0,
        ) as client,
    ):
        yield CarrierBilling(
            client, merchant="ciyuan", event_bearer="e" * 40, message_url="https://shop.example/messages/"
        )


def charge(phone: str, *, minor: int = 990, **more: Any) -> Charge:
    return Charge(
        id=uuid4(),
        reference_code="ABC123",
        phone=phone,
        amount=Money(minor, "CNY"),
        description="Ciyuan Starter",
        product="starter",
        **more,
    )


def repayment(of: Standing, *, minor: int, tax_minor: int = 0) -> Repayment:
    return Repayment(
        id=uuid4(),
        charge_id=uuid4(),
        reference=of.reference,
        amount=Money(minor, "CNY"),
        paid=of.amount,
        tax_minor=tax_minor,
        reason="untouched",
    )


def assert_as_specified(heard: list[httpx.Response]) -> None:
    contracts = {"/carrier-billing/": SPECIFICATION, "/carrier-billing-refund/": REFUNDS}
    known = {path: OpenAPI.from_file_path(str(file)) for path, file in contracts.items()}
    assert heard
    for answer in heard:
        asked = answer.request
        contract = next(contract for path, contract in known.items() if path in asked.url.path)
        request = MockRequest(
            SERVER,
            asked.method.lower(),
            asked.url.path,
            args=dict(asked.url.params),
            headers=dict(asked.headers),
            data=asked.content or None,
        )
        contract.validate_request(request)
        if answer.status_code not in UNDOCUMENTED:
            response = MockResponse(answer.content, status_code=answer.status_code, headers=dict(answer.headers))
            contract.validate_response(request, response)


@needs_specification
@pytest.mark.filterwarnings("ignore:Unsupported scheme type")  # OpenID Connect; the token is tried below
class TestSpecification:
    @pytest.mark.parametrize("ending", ["00", "01", "02", "03", "04", "11"])
    def test_is_kept_when_a_payment_is_created(
        self, billing: CarrierBilling, heard: list[httpx.Response], ending: str
    ) -> None:
        try:
            billing.begin(charge(scripted(ending)))
        except Denied:
            assert ending in {"02", "03", "04", "11"}
        assert_as_specified(heard)

    def test_is_kept_when_payments_are_read(self, billing: CarrierBilling, heard: list[httpx.Response]) -> None:
        asked = charge(ASKED_PHONE)
        began = billing.begin(asked)
        assert billing.query(began.reference) == billing.find(asked.id) == began
        with pytest.raises(Unknown):
            billing.query("nothing")
        assert_as_specified(heard)

    def test_is_kept_in_two_steps(
        self, billing: CarrierBilling, heard: list[httpx.Response], operator: Operator
    ) -> None:
        asked = charge(ASKED_PHONE, asks_code=True, tax_minor=56)
        began = billing.begin(asked)
        assert (began.state, bool(began.authorization_id)) == ("pending_validation", True)
        with pytest.raises(WrongCode):
            billing.validate(began, "000000x")
        code = next(iter(operator.charges.values())).code
        assert billing.validate(began, code).state == "reserved"
        assert billing.validate(began, code).state == "reserved"  # a second time: 409, and the object tells
        assert billing.confirm(began).state == billing.confirm(began).state == "succeeded"
        assert billing.cancel(began).state == "succeeded"  # too late: 409
        assert_as_specified(heard)

    def test_is_kept_when_tries_are_used_up_and_when_let_go(
        self, billing: CarrierBilling, heard: list[httpx.Response]
    ) -> None:
        began = billing.begin(charge(ASKED_PHONE, asks_code=True))
        for _ in range(2):
            with pytest.raises(WrongCode):
                billing.validate(began, "0")
        with pytest.raises(Denied, match="code"):
            billing.validate(began, "0")
        other = billing.begin(charge(ASKED_PHONE, asks_code=True))
        assert billing.cancel(other).state == billing.cancel(other).state == "canceled"
        alone = billing.begin(charge(ASKED_PHONE))
        assert billing.cancel(alone).state == "processing"  # one step: nobody can call it off
        assert_as_specified(heard)

    def test_is_kept_when_money_goes_back(self, billing: CarrierBilling, heard: list[httpx.Response]) -> None:
        paid = billing.begin(charge(scripted("00"), tax_minor=56))
        part = repayment(paid, minor=330, tax_minor=18)
        first = billing.refund(part)
        assert (first.state, first.amount) == ("succeeded", Money(330, "CNY"))
        assert billing.refund(part) == billing.find_refund(part) == first
        with pytest.raises(Unknown):
            billing.find_refund(repayment(paid, minor=1))
        with pytest.raises(Denied, match="amount"):
            billing.refund(repayment(paid, minor=900))
        whole = billing.begin(charge(scripted("00")))
        assert billing.refund(repayment(whole, minor=990)).amount == Money(990, "CNY")
        for ending in ("33", "34", "35"):
            with pytest.raises(Denied):
                billing.refund(repayment(billing.begin(charge(scripted(ending))), minor=990))
        assert_as_specified(heard)

    def test_is_kept_when_payments_are_listed(
        self, billing: CarrierBilling, heard: list[httpx.Response], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("plans.payment_providers.carrier_billing.PAGE_SIZE", 2)
        begun = [billing.begin(charge(scripted("00"))).reference for _ in range(3)]
        now = datetime.now(UTC)
        span = timedelta(minutes=5)
        assert [each.reference for each in billing.listed(now - span, now + span)] == begun
        assert not list(billing.listed(now - 2 * span, now - span))
        assert_as_specified(heard)

    def test_is_kept_for_a_duplicate_and_for_a_wrong_token(
        self, billing: CarrierBilling, heard: list[httpx.Response]
    ) -> None:
        asked = charge(ASKED_PHONE)
        assert billing.begin(asked) == billing.begin(asked)
        assert [answer.status_code for answer in heard] == [201, 400, 200]
        billing._client.headers["authorization"] = "Bearer wrong"
        with pytest.raises(Unaccepted):
            billing.begin(charge(ASKED_PHONE))
        assert_as_specified(heard)


class TestAmounts:
    @pytest.mark.parametrize("minor", [1, 10, 99, 100, 990, 2990, 123456789])
    def test_travel_exactly(self, billing: CarrierBilling, heard: list[httpx.Response], minor: int) -> None:
        assert billing.begin(charge(ASKED_PHONE, minor=minor)).amount == Money(minor, "CNY")

    def test_of_another_size_are_told_as_they_are(self, billing: CarrierBilling) -> None:
        assert billing.begin(charge(scripted("07"))).amount == Money(1, "CNY")
        assert billing.begin(charge(scripted("08"))).amount == Money(990, "USD")


class TestSilence:
    @pytest.mark.parametrize("ending", ["05", "06", "10", "12"])
    def test_is_never_taken_for_a_no(self, billing: CarrierBilling, ending: str) -> None:
        billing._client.timeout = httpx.Timeout(0.3)
        with pytest.raises(Unanswered):
            billing.begin(charge(scripted(ending)))

    def test_of_a_list_does_not_mean_that_nothing_is_there(self, billing: CarrierBilling) -> None:
        billing._client.base_url = billing._client.base_url.join("/nowhere")
        with pytest.raises(Unanswered):
            billing.find(uuid4())


class TestInbox:
    def test_lets_the_subscriber_decide_once(self, billing: CarrierBilling) -> None:
        began = billing.begin(charge(ASKED_PHONE))
        client: Any = billing._client
        page = client.get("/operator/inbox/", params={"phone": ASKED_PHONE}).text
        assert "9.90 CNY" in page
        assert f'action="{began.reference}/approval/"' in page
        later = client.post(f"/operator/inbox/{began.reference}/delay/")
        assert later.headers["location"] == "../../?phone=%2B8613812341234"
        assert billing.query(began.reference).state == "processing"
        client.post(f"/operator/inbox/{began.reference}/denial/")
        client.post(f"/operator/inbox/{began.reference}/approval/")
        assert billing.query(began.reference).state == "denied"
        assert "nothing is charged" in client.get("/operator/inbox/", params={"phone": ASKED_PHONE}).text


class TestMessages:
    @pytest.mark.parametrize("shown", ["", "Bearer", "Bearer " + "e" * 39, "Basic " + "e" * 40, "Bearer é"])
    def test_without_our_bearer_are_forged(self, billing: CarrierBilling, shown: str) -> None:
        with pytest.raises(Forged):
            billing.read(Message({"authorization": shown}, b"{}", datetime.now(UTC)))
        billing._event_bearer = ""
        with pytest.raises(Forged):
            billing.read(Message({"authorization": "Bearer "}, b"{}", datetime.now(UTC)))
