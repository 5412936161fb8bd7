"""Whatever the specifications allow, and much that they do not, is said to the operator; it never breaks its word.

OPERATOR_EXAMPLES is how many cases each operation gets, once as allowed and once as not.
"""

import os
import random
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import positive_data_acceptance
from schemathesis.core.transport import Response

from portal.sandbox.operator_charges import Charge
from tests.portal.operator import contract
from tests.portal.operator.merchant import PHONE, TOKEN, Merchant, Stage, nowhere, refund, scripted, trading

EXAMPLES = int(os.environ.get("OPERATOR_EXAMPLES", "6"))
IS_PROOF = "OPERATOR_EXAMPLES" in os.environ
ENDINGS = ("00", "01", "02", "03", "09", "11", "13", "14", "15", "16", "17", "20", "30", "32", "33", "37", "40", "42")
ODDLY = 0.3
"""How often a request is left as odd as it came."""
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)

pytestmark = [
    contract.needs_specification,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:schemathesis.*", "ignore::DeprecationWarning:jsonschema.*"),
]


class TestOperator:
    @pytest.mark.parametrize("specification", [contract.PAYMENTS, contract.REFUNDS], ids=["payments", "refunds"])
    @pytest.mark.parametrize("mode", MODES, ids=["allowed", "not allowed"])
    def test_keeps_to_its_specification(
        self, stage: Stage, specification: Path, mode: schemathesis.GenerationMode
    ) -> None:
        told: Counter[str] = Counter()
        with trading(stage, post=nowhere) as merchant:
            furnish(merchant)
            operations: Iterable[Any] = schemathesis.openapi.from_path(str(specification)).get_all_operations()
            for operation in operations:
                explore(merchant, operation.ok(), mode=mode, told=told)
        if IS_PROOF:
            sys.stdout.write(f"\n{specification.stem}, {mode.value}: {sum(told.values())} cases\n")
            sys.stdout.writelines(f"  {count:5} {answer}\n" for answer, count in sorted(told.items()))
        assert mode is schemathesis.GenerationMode.NEGATIVE or any("201" in answer for answer in told)


def furnish(merchant: Merchant) -> None:
    """This will open payments of every state, so that there is something to ask for."""
    for ending in ("00", "00", "00", "00", "13", "13"):
        merchant.pay(scripted(ending))
        merchant.prepare(scripted(ending))
    merchant.give_back(merchant.pay(scripted("30")).json(), 1)
    merchant.cancel(merchant.prepare().json())


def explore(merchant: Merchant, operation: Any, *, mode: schemathesis.GenerationMode, told: Counter[str]) -> None:
    """This will ask one operation for many things, and count its answers in `told`."""
    luck = random.Random(operation.label)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=not IS_PROOF,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # what the operator remembers leaves nothing to be tried again
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case[Any]) -> None:
        if mode is schemathesis.GenerationMode.POSITIVE:
            make_likely(case, merchant, luck)
        answer: Response = case.call(
            base_url=f"{merchant.client.base_url}{operation.schema.base_path}".replace("//c", "/c"),
            headers={"authorization": f"Bearer {TOKEN}"},
        )
        told[f"{operation.label}: {answer.status_code} {code_of(answer)}"] += 1
        # What the shapes allow is refused all the same when a line, a currency or a state does not bear it.
        case.validate_response(answer, excluded_checks=[positive_data_acceptance])

    ask()


def make_likely(case: schemathesis.Case[Any], merchant: Merchant, luck: random.Random) -> None:
    """This will let most requests get past the first door: a payment that exists, a currency, a line that is served."""
    charges = list(merchant.operator.charges.values())
    wanted = {"validate": "pending_validation", "confirm": "reserved", "cancel": "reserved"}
    status = wanted.get(case.path.rsplit("/", 1)[1], "succeeded")
    likely = [charge for charge in charges if charge.status == status]
    charge = luck.choice(likely if likely and luck.random() > ODDLY else charges)
    refunds = [refund.refund_id for refund in merchant.operator.refunds.values() if refund.charge is charge]
    if "paymentId" in case.path_parameters and luck.random() > ODDLY:
        case.path_parameters["paymentId"] = charge.payment_id
    if "refundId" in case.path_parameters and refunds:
        case.path_parameters["refundId"] = luck.choice(refunds)
    if isinstance(case.body, dict):
        make_body_likely(case.body, charge, luck)


def make_body_likely(body: dict[str, Any], charge: Charge, luck: random.Random) -> None:
    """This will do so for a body, of whichever operation."""
    if "authorizationId" in body:
        body |= {"authorizationId": charge.authorization_id, "code": charge.code}
    elif "amountTransaction" not in body and luck.random() > ODDLY:
        body["phoneNumber"] = charge.phone
    if "paymentAmount" in body.get("amountTransaction", {}):
        transaction = body["amountTransaction"]
        transaction["clientCorrelator"] = str(luck.random())
        transaction["phoneNumber"] = scripted(luck.choice(ENDINGS)) if luck.random() < ODDLY else PHONE
        transaction["paymentAmount"]["chargingInformation"]["currency"] = "CNY"
    if "type" in body:  # the shape of this one is only told by its discriminator
        amount = charge.asked.payment_amount.charging_information.amount
        body["amountTransaction"] = refund(float(amount) / 4)["amountTransaction"]
    if luck.random() > ODDLY:
        body.pop("sinkCredential", None)


def code_of(answer: Response) -> str:
    """This will return the code of a refusal, or nothing."""
    try:
        said = answer.json()
    except ValueError:
        return ""
    return str(said.get("code", "")) if isinstance(said, dict) else ""
