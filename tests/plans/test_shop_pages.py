"""Every page of the shop, tried by everyone who might come."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from models_catalog import catalog, pricing
from plans import meaning, offerings, orders
from plans.models import Lot, Offering, Order
from portal.kit import clock
from portal.kit.units import credits
from portal.sandbox.operator import Operator
from tests.budget import query_budget
from tests.plans.cast import ASKED_PHONE, Household, order_of, scripted, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]


def html(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


def filled_in(client: Client, *, phone: str, slug: str = "starter") -> dict[str, str]:
    """What a browser sends back from the checkout page."""
    form = client.get(f"/checkout/{slug}/").context["form"]
    hidden = {name: str(form[name].value()) for name in ("order", "version", "price")}
    return hidden | {"phone": phone}


class TestPlans:
    def test_shows_household_and_business_offerings_with_their_prices(self, client: Client) -> None:
        household = html(client.get("/plans/"))
        for words in (
            "¥9.90",
            "¥29.90",
            "¥99.00",
            "Starter",
            "for up to 6 people",
            "Fits most homes",
            "¥1.00",
        ):
            assert words in household
        business = html(client.get("/plans/business/"))
        assert "¥39.90" in business
        assert "Starter" not in business
        assert "renews only if you tick the box" in household

    def test_computes_what_credits_mean_from_the_price_of_today(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Offer:
            rates = pricing.Rates(in_fresh=10**12, out_text=10**12)

        monkeypatch.setattr(catalog, "offer", lambda _name: Offer)
        used = meaning.TABLE[meaning.HOMEWORK_QUESTION]
        exact = 10_000_000 // (used.input_tokens + used.output_tokens)
        shown = meaning.of(credits(10_000_000))
        assert shown
        assert shown.counts["homework"] == exact // 100 * 100
        household, business = (html(client.get(path)) for path in ("/plans/", "/plans/business/"))
        assert f"≈ {shown.counts['homework']:,} homework questions, " in household
        assert "hours of a coding agent" not in household
        assert "hours of a coding agent on the Everyday model" in business
        assert "homework questions" not in business
        assert 'href="/help/#life"' in household

    def test_says_nothing_of_life_while_no_everyday_model_is_there(self, client: Client) -> None:
        assert "homework questions" not in html(client.get("/plans/"))

    def test_stays_within_its_queries(self, client: Client) -> None:
        client.get("/plans/")  # which reads the catalog, remembered for some seconds
        with query_budget(5):
            client.get("/plans/")


class TestCheckout:
    def test_sends_a_visitor_to_sign_up_and_back(self, client: Client) -> None:
        answer = client.get("/checkout/starter/")
        assert answer["Location"] == f"{reverse('account_signup')}?next=%2Fcheckout%2Fstarter%2F"

    def test_shows_price_terms_and_the_known_phone(self, household: Household) -> None:
        household.owner.user.phone = ASKED_PHONE
        household.owner.user.save()
        page = html(signed_in(household.owner).get("/checkout/starter/"))
        for words in (
            "¥9.90",
            "valid for one month",
            "renews only if you agree",
            "comes back within 24 hours",
            ASKED_PHONE,
        ):
            assert words in page
        assert page.count("button primary") == 1

    def test_buys_with_the_price_of_the_server(self, household: Household, operator: Operator) -> None:
        client = signed_in(household.bill_payer)
        form = filled_in(client, phone=scripted("00")) | {"price_minor": "1", "microcredits": "1"}
        answer = client.post("/checkout/starter/", form)
        order = Order.objects.get()
        assert answer["Location"] == f"/checkout/orders/{order.pk}/"
        assert (order.price_minor, order.state) == (990, "paid")
        page = html(client.get(answer["Location"]))
        assert "Your credits are here" in page
        assert 'href="/chat/"' in page
        assert "hx-trigger" not in page.split('id="standing"')[1].split(">")[0]

    def test_is_harmless_when_sent_twice(self, household: Household, operator: Operator) -> None:
        client = signed_in(household.owner)
        form = filled_in(client, phone=scripted("00"))
        first, second = (client.post("/checkout/starter/", form) for _ in range(2))
        assert first["Location"] == second["Location"]
        assert Lot.objects.count() == len(operator.charges) == 1

    def test_takes_no_order_id_that_the_server_did_not_make_for_this_member(
        self, household: Household, operator: Operator
    ) -> None:
        client = signed_in(household.owner)
        form = filled_in(client, phone=scripted("00"))
        chosen = f"00000000-0000-4000-8000-000000000001:{form['order'].partition(':')[2]}"
        others = filled_in(signed_in(household.bill_payer), phone=scripted("00"))["order"]
        for order in (str(uuid4()), chosen, others):
            answer = client.post("/checkout/starter/", form | {"order": order})
            assert answer.status_code == 409
            assert "Nothing was ordered" in html(answer)
        assert not Order.objects.exists()

    def test_explains_a_number_that_does_not_exist(self, household: Household, operator: Operator) -> None:
        client = signed_in(household.owner)
        page = html(client.post("/checkout/starter/", filled_in(client, phone="12")))
        assert "not a phone number" in page
        assert not operator.requests

    def test_refuses_everyone_who_does_not_pay(self, household: Household) -> None:
        for member in (household.adult, household.child, household.auditor):
            assert signed_in(member).get("/checkout/starter/").status_code == 403
            sent = {"order": str(uuid4()), "version": "1", "price": "990", "phone": ASKED_PHONE}
            assert signed_in(member).post("/checkout/starter/", sent).status_code == 403
        assert not Order.objects.exists()

    def test_knows_no_offering_that_is_not_sold(self, household: Household, now: Any) -> None:
        assert signed_in(household.owner).get("/checkout/nothing/").status_code == 404
        Offering.objects.filter(slug="starter").update(withdrawn_at=now)
        assert signed_in(household.owner).get("/checkout/starter/").status_code == 404


class TestOrder:
    def test_follows_the_phone_and_stops_asking(
        self, household: Household, operator: Operator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        client = signed_in(household.owner)
        url = f"/checkout/orders/{order.pk}/"
        assert 'hx-trigger="every 2s"' in html(client.get(url))
        next(iter(operator.charges.values())).decide("succeeded")
        later = clock.now() + timedelta(minutes=1)
        monkeypatch.setattr(clock, "now", lambda: later)
        fragment = html(client.get(url, headers={"HX-Request": "true"}))
        assert "<html" not in fragment
        assert "Your credits are here" in fragment
        assert "hx-trigger" not in fragment

    @pytest.mark.parametrize(
        ("ending", "words"), [("02", "said no"), ("03", "monthly limit"), ("04", "does not know this number")]
    )
    def test_says_why_in_plain_words(self, household: Household, operator: Operator, ending: str, words: str) -> None:
        order = order_of(household.owner, phone=scripted(ending))
        page = html(signed_in(household.owner).get(f"/checkout/orders/{order.pk}/"))
        assert words in page
        assert "Nothing was charged" in page
        assert "Try again" in page

    def test_asks_nobody_to_pay_again_after_a_mismatch(self, household: Household, operator: Operator) -> None:
        order = order_of(household.owner, phone=scripted("07"))
        page = html(signed_in(household.owner).get(f"/checkout/orders/{order.pk}/"))
        assert "Please do not pay again" in page

    def test_can_be_canceled(self, household: Household, operator: Operator) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        client = signed_in(household.owner)
        answer = client.post(f"/checkout/orders/{order.pk}/cancellation/")
        assert "You canceled this order" in html(client.get(answer["Location"]))

    def test_leads_to_the_sandbox_phone_in_the_demo_only(
        self, household: Household, operator: Operator, settings: Any
    ) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        client = signed_in(household.owner)
        url = f"/checkout/orders/{order.pk}/"
        assert "sandbox" not in html(client.get(url))
        settings.DEMO, settings.SANDBOX_PHONE_URL = True, "http://127.0.0.1:1/operator/inbox/"
        assert "/operator/inbox/?phone=%2B8613812341234" in html(client.get(url))


class TestBilling:
    def test_is_empty_with_a_way_out(self, household: Household) -> None:
        page = html(signed_in(household.owner).get("/billing/"))
        assert "Nothing bought yet" in page
        assert 'href="/plans/"' in page

    def test_lists_lots_orders_and_receipts(self, household: Household, operator: Operator) -> None:
        order = order_of(household.owner, phone=scripted("00"))
        page = html(signed_in(household.auditor).get("/billing/"))
        assert "10 million" in page
        assert f"/billing/orders/{order.pk}/" in page

    def test_turns_pages(self, household: Household, now: Any) -> None:
        version = offerings.current("starter")
        for number in range(27):
            placed = now + timedelta(hours=number)
            order = orders.place(version, order_id=uuid4(), by=household.owner, now=placed)
            orders.cancel(order, by=household.owner, now=placed)
        client = signed_in(household.owner)
        first = client.get("/billing/").context["page"]
        second = client.get(f"/billing/?after={first.next_key}").context["page"]
        assert (len(first.items), len(second.items), second.next_key) == (25, 2, "")
        assert not {order.pk for order in first.items} & {order.pk for order in second.items}
        assert client.get("/billing/?after=rubbish").status_code == 404

    def test_prints_a_receipt_that_adds_up(self, household: Household, operator: Operator) -> None:
        order = order_of(household.owner, phone=scripted("00"))
        page = html(signed_in(household.owner).get(f"/billing/orders/{order.pk}/"))
        for words in (order.number, "¥9.90", "10,000,000", "•••• 5000", "Olga&#x27;s home", "Starter"):
            assert words in page

    def test_shows_an_unpaid_order_where_it_is_paid(self, household: Household, operator: Operator) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        answer = signed_in(household.owner).get(f"/billing/orders/{order.pk}/")
        assert answer["Location"] == f"/checkout/orders/{order.pk}/"


class TestStrangers:
    def test_meet_orders_that_do_not_exist(self, household: Household, operator: Operator) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        client = signed_in(household.stranger)
        assert client.get(f"/checkout/orders/{order.pk}/").status_code == 404
        assert client.post(f"/checkout/orders/{order.pk}/cancellation/").status_code == 404
        assert client.get(f"/billing/orders/{order.pk}/").status_code == 404
        order.refresh_from_db()
        assert order.state == "placed"

    def test_of_the_same_home_see_no_bills(self, household: Household, operator: Operator) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        for member in (household.adult, household.child):
            client = signed_in(member)
            for url in ("/billing/", f"/billing/orders/{order.pk}/", f"/checkout/orders/{order.pk}/"):
                assert client.get(url).status_code == 403
            assert client.post(f"/checkout/orders/{order.pk}/cancellation/").status_code == 403

    def test_without_a_name_are_asked_to_sign_in(self, client: Client) -> None:
        for url in ("/billing/", f"/billing/orders/{uuid4()}/", f"/checkout/orders/{uuid4()}/"):
            assert client.get(url)["Location"].startswith("/accounts/login/?next=")

    def test_cannot_change_anything_by_looking(self, household: Household, operator: Operator) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        assert signed_in(household.owner).get(f"/checkout/orders/{order.pk}/cancellation/").status_code == 405
