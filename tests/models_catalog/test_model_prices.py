"""What a model's page says of its price: every class, in credits and money, when what counts, and how it is liked."""

from datetime import datetime

import pytest
from django.test import Client

from models_catalog.models import ChatModel, Route
from portal import context
from tests.accounts.people import client_of, found
from tests.budget import query_budget
from tests.models_catalog import model_pages, showcase
from tests.models_catalog.model_pages import look, main, one, rows, words

pytestmark = pytest.mark.django_db
QUERIES = 12 + context.QUERY_BUDGET
CLASSES = (
    "Input",
    "Input read from cache",
    "Input written to cache for 5 minutes",
    "Input written to cache for 1 hour",
    "Image input",
    "Audio input",
    "Output",
    "Reasoning",
    "Image output",
    "Audio output",
)


@pytest.fixture(autouse=True)
def now() -> datetime:
    """The demo's catalog, from this moment on."""
    return model_pages.fill_shelf()


@pytest.fixture
def deep() -> ChatModel:
    """A model that can be called."""
    return ChatModel.objects.get(slug="demo-deep")


class TestPrice:
    def test_hides_no_class(self, client: Client, deep: ChatModel, now: datetime) -> None:
        showcase.everything(deep, now=now)
        table = rows(look(client, "demo-deep"))
        assert [label.replace(" billed as input", "").replace(" billed as output", "") for label in table] == [
            *CLASSES,
            "Each request",
        ]
        assert table["Input"] == ["4,000,000 ×4", "¥2.99"]
        assert table["Input read from cache"] == ["500,000 ×0.5", "¥0.374"]
        assert table["Audio input billed as input"] == table["Input"]
        assert table["Reasoning billed as output"] == table["Output"] == ["12,000,000 ×12", "¥8.97"]
        assert table["Each request"] == ["5", "¥0.00000374"]

    def test_is_told_in_money_at_another_offering(self, client: Client, deep: ChatModel, now: datetime) -> None:
        showcase.everything(deep, now=now)
        assert rows(look(client, "demo-deep", "?offering=starter"))["Input"] == ["4,000,000 ×4", "¥3.96"]
        assert rows(look(client, "demo-deep", "?offering=unheard-of"))["Input"] == ["4,000,000 ×4", "¥2.99"]

    def test_is_told_to_everybody_as_to_households_and_to_a_business_as_to_businesses(
        self, client: Client, deep: ChatModel, now: datetime
    ) -> None:
        showcase.everything(deep, now=now)
        showcase.offering("bundle", price_minor=9900, millions=50, audience="business", is_recommended=True)
        business = client_of(found("boss@example.com", kind="business", name="Firm"))
        for path in ("/models/", "/models/compare/", "/models/demo-deep/"):
            assert '<option value="family" selected>' in client.get(path).content.decode()
            business.get(path)
            with query_budget(QUERIES):
                page = business.get(path).content.decode()
            assert '<option value="bundle" selected>' in page
        assert rows(look(business, "demo-deep", "?offering=starter"))["Input"] == ["4,000,000 ×4", "¥3.96"]

    def test_is_chosen_by_a_form_that_needs_no_script(self, client: Client, deep: ChatModel, now: datetime) -> None:
        showcase.everything(deep, now=now)
        form = one(look(client, "demo-deep", "?offering=starter"), ".//main//form")
        assert (form.attrib["method"], form.attrib["action"]) == ("get", "/models/demo-deep/#price")
        assert one(form, ".//option[@selected]").attrib["value"] == "starter"
        assert one(form, ".//button").attrib["type"] == "submit"

    def test_is_a_fragment_for_htmx(self, client: Client, deep: ChatModel, now: datetime) -> None:
        showcase.everything(deep, now=now)
        fragment = client.get("/models/demo-deep/?offering=starter", headers={"hx-request": "true"}).content.decode()
        assert fragment.lstrip().startswith("<section")
        assert "¥3.96" in fragment
        assert "<h1>" not in fragment

    def test_without_an_offering_is_told_in_credits_alone(self, client: Client) -> None:
        tree = look(client, "demo-fast")
        assert rows(tree)["Input"] == ["300,000 ×0.3"]
        assert "¥" not in main(tree)
        assert "1 token, read or written, costs 0.3 credits." in main(tree)

    def test_says_the_burn_in_words_and_an_example(self, client: Client, deep: ChatModel, now: datetime) -> None:
        showcase.everything(deep, now=now)
        said = main(look(client, "demo-deep"))
        assert "1 token read costs 4 credits. 1 token written costs 12 credits." in said
        assert "cost 8,805 credits, that is ¥0.00658." in said

    def test_declares_when_other_prices_count(self, client: Client, deep: ChatModel, now: datetime) -> None:
        showcase.everything(deep, now=now)
        tree = look(client, "demo-deep")
        told = [words(each) for each in tree.iter("summary")]
        assert "From 64,000 tokens in · a million tokens in cost 8,000,000 credits, out 24,000,000" in told
        assert (
            "Monday to Friday from 00:30 to 08:30, in your account's time zone · "
            "a million tokens in cost 2,000,000 credits, out 6,000,000"
        ) in told
        assert (
            "Monday to Friday from 00:30 to 08:30, in your account's time zone; from 96,000 tokens in · "
            "a million tokens in cost 5,000,000 credits, out 15,000,000"
        ) in told
        assert main(tree).count("Input written to cache for 1 hour") == 5  # now, three conditions, to come

    def test_announces_the_next_one(self, client: Client, deep: ChatModel, now: datetime) -> None:
        assert "No change of this price is announced." in main(look(client, "demo-deep"))
        showcase.everything(deep, now=now)
        assert any(
            words(each).startswith("The price changes on ") for each in look(client, "demo-deep").iter("summary")
        )

    def test_has_a_history(self, client: Client, deep: ChatModel, now: datetime) -> None:
        showcase.everything(deep, now=now)
        table = next(each for each in look(client, "demo-deep").iter("table") if "In force from" in words(each))
        told = [[words(cell) for cell in row[1:]] for row in one(table, "tbody")]
        assert told == [
            ["coming", "3,000,000", "9,000,000", "0"],
            ["now", "4,000,000", "12,000,000", "5"],
            ["past", "12,000,000", "12,000,000", "0"],
            ["past", "15,000,000", "15,000,000", "0"],
        ]
        assert "other prices at certain hours" in words(table)
        assert "other prices from a certain length on" in words(table)

    def test_of_the_vendor_is_told_where_nothing_is_charged(self, client: Client, now: datetime) -> None:
        showcase.list_price(ChatModel.objects.get(slug="gpt-4o"), at=now)
        tree = look(client, "gpt-4o")
        assert "Vendor's list price, not charged here" in main(tree)
        assert "in USD, by the vendor's price page of" in main(tree)
        table = rows(tree)
        assert (table["Input"], table["Input read from cache"], table["Output"]) == (["$2.50"], ["$1.25"], ["$10.00"])
        assert table["Audio input billed as input"] == ["$2.50"]

    def test_of_the_vendor_is_not_told_beside_our_own(self, client: Client, deep: ChatModel, now: datetime) -> None:
        showcase.list_price(deep, at=now)
        assert "list price" not in main(look(client, "demo-deep"))

    def test_of_an_upstream_is_nobodys_business(self, client: Client, now: datetime) -> None:
        route = Route.objects.get(chat_model__slug="demo-fast")
        showcase.list_price(ChatModel.objects.get(slug="gpt-4o"), at=now, upstream=route.upstream)
        assert "No public price" in main(look(client, "gpt-4o"))

    def test_that_nobody_names_is_not_made_up(self, client: Client) -> None:
        said = main(look(client, "gpt-4o"))
        assert "No public price" in said
        assert "¥" not in said


class TestVotes:
    def test_tell_thumbs_up_per_yuan_at_an_offering(self, client: Client, deep: ChatModel, now: datetime) -> None:
        showcase.everything(deep, now=now)
        said = main(look(client, "demo-deep"))
        assert "42 thumbs-up per yuan at Family" in said
        assert "52 of 61 votes" in said
        assert "32 thumbs-up per yuan at Starter" in main(look(client, "demo-deep", "?offering=starter"))

    def test_tell_nothing_before_there_are_enough(self, client: Client, deep: ChatModel) -> None:
        assert "Not enough votes yet (0 of 30)." in main(look(client, "demo-deep"))
        told = showcase.votes(deep, up=20, down=9, whole_credits=100)
        assert "Not enough votes yet (29 of 30)." in main(look(client, "demo-deep"))
        told.up = 21
        told.save()
        assert "21 of 30 votes" in main(look(client, "demo-deep"))

    def test_tell_no_money_where_nothing_was_paid(self, client: Client, deep: ChatModel) -> None:
        showcase.offering("gift", price_minor=0, millions=1)
        showcase.votes(deep, up=40, down=0, whole_credits=100)
        said = main(look(client, "demo-deep"))
        assert "40 of 40 votes" in said
        assert "per yuan" not in said
