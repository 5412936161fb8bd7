"""Invoice titles: in whose name, checked to the last digit, one of them on new invoices."""

from datetime import datetime

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from plans import credit_codes, titles
from plans.models import InvoiceTitle
from tests.plans.cast import Household, signed_in

CODE = "91350100M000100Y43"
"""The example of the standard itself (GB 32100-2015)."""
FILLED_IN = {"kind": "enterprise", "name": "Lin Tea", "tax_number": "91350100 m000100y-43", "bank": "ICBC"}


class TestCreditCodes:
    @pytest.mark.parametrize("code", [CODE, "91110000600037341L", "914403001922038216"])
    def test_of_businesses_check(self, code: str) -> None:
        assert credit_codes.is_valid(code)

    @settings(max_examples=50, deadline=None)
    @given(st.integers(0, 17), st.sampled_from(credit_codes.ALPHABET))
    def test_with_one_digit_wrong_do_not(self, place: int, digit: str) -> None:
        changed = CODE[:place] + digit + CODE[place + 1 :]
        assert credit_codes.is_valid(changed) == (changed == CODE)

    @pytest.mark.parametrize("typed", ["", CODE[:17], CODE + "0", CODE.replace("Y", "I"), "９1350100M000100Y43"])
    def test_of_another_shape_are_none(self, typed: str) -> None:
        assert not credit_codes.is_valid(typed)


@pytest.mark.django_db
class TestTitles:
    def page(self, client: Client, path: str, form: dict[str, str]) -> int:
        return client.post(path, form).status_code

    def test_are_added_chosen_changed_and_removed(self, household: Household) -> None:
        client, account = signed_in(household.bill_payer), household.owner.account
        assert self.page(client, "/billing/titles/", FILLED_IN) == 302
        assert self.page(client, "/billing/titles/", {"kind": "personal", "name": "Lin Wei"}) == 302
        first, second = InvoiceTitle.objects.in_use(account.pk)
        assert (first.name, first.tax_number, second.chosen_at) == ("Lin Tea", CODE, None)
        assert titles.buyer_of(account)["bank"] == "ICBC"
        assert self.page(client, f"/billing/titles/{second.pk}/choice/", {}) == 302
        assert titles.buyer_of(account)["name"] == "Lin Wei"
        assert self.page(client, f"/billing/titles/{second.pk}/", {"kind": "personal", "name": "Lin Xin"}) == 302
        assert titles.buyer_of(account)["name"] == "Lin Xin"
        assert self.page(client, f"/billing/titles/{second.pk}/removal/", {}) == 302
        assert titles.buyer_of(account)["name"] == account.name
        assert [each.name for each in InvoiceTitle.objects.in_use(account.pk)] == ["Lin Tea"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"tax_number": ""},
            {"tax_number": CODE[:-1] + "4"},
            {"kind": "personal"},
            {"name": ""},
            {"kind": "charity"},
        ],
    )
    def test_that_cannot_be_are_not_kept(self, household: Household, wrong: dict[str, str]) -> None:
        assert self.page(signed_in(household.owner), "/billing/titles/", FILLED_IN | wrong) == 200
        assert not InvoiceTitle.objects.exists()

    def test_have_an_end(self, household: Household, now: datetime) -> None:
        wanted = titles.Wanted(kind="personal", name="Lin")
        for _number in range(titles.MOST_TITLES):
            titles.add(wanted, by=household.owner, now=now)
        with pytest.raises(titles.TooManyTitles):
            titles.add(wanted, by=household.owner, now=now)
        with pytest.raises(titles.BadTitle):
            titles.add(titles.Wanted(kind="enterprise", name="Lin", tax_number="1"), by=household.owner, now=now)
