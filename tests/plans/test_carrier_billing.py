"""What we say to an operator and what the sandbox answers, held against CAMARA's own specification."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from plans.payment_providers.base import Charge, Denied, Unaccepted, Unanswered, Unknown
from plans.payment_providers.carrier_billing import CarrierBilling
from portal.kit.units import Money
from portal.sandbox.operator import Operator
from tests.plans.cast import ASKED_PHONE, listening, scripted

SPECIFICATION = Path(__file__).resolve().parents[3] / "shared" / "camara" / "carrier-billing.yaml"
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
def billing(heard: list[httpx.Response]) -> Iterator[CarrierBilling]:
    def listen(answer: httpx.Response) -> None:
        answer.read()
        heard.append(answer)

    operator = Operator(TOKEN)
    with (
        listening(operator) as address,
        httpx.Client(
            base_url=address,
            headers={"authorization": f"Bearer {TOKEN}"},
            event_hooks={"response": [listen]},
            timeout=2.0,
        ) as client,
    ):
        yield CarrierBilling(client, merchant="ciyuan")


def charge(phone: str, *, minor: int = 990) -> Charge:
    return Charge(
        id=uuid4(),
        reference_code="ABC123",
        phone=phone,
        amount=Money(minor, "CNY"),
        description="Ciyuan Starter",
        product="starter",
    )


def assert_as_specified(heard: list[httpx.Response]) -> None:
    contract = OpenAPI.from_file_path(str(SPECIFICATION))
    assert heard
    for answer in heard:
        asked = answer.request
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
