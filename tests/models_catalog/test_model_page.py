"""The page of a model, as a stranger sees it, in every state that a model can be in."""

import re
from datetime import date, datetime

import pytest
from django.conf import settings
from django.test import Client

from models_catalog.models import ChatModel, Price, Route, Upstream, Vendor
from tests.budget import query_budget
from tests.models_catalog import model_pages, showcase
from tests.models_catalog.model_pages import change, links, look, main, one, words

pytestmark = pytest.mark.django_db
QUERIES = 12
MANY_MODELS = 300
SENTENCE = re.compile(r"[A-Za-z][a-z]+(?: [A-Za-z]+){2,}")
"""Three words of English in a row."""


@pytest.fixture(autouse=True)
def now() -> datetime:
    """The demo's catalog, from this moment on."""
    return model_pages.fill_shelf()


@pytest.fixture
def deep() -> ChatModel:
    """A model that can be called."""
    return ChatModel.objects.get(slug="demo-deep")


class TestState:
    def test_of_one_that_can_be_called_leads_to_the_chat_and_to_the_comparison(self, client: Client) -> None:
        tree = look(client, "demo-deep")
        assert {"/chat/?model=demo-deep", "/models/compare/?model=demo-deep"} <= set(links(tree))
        assert "Not connected" not in main(tree)

    def test_of_an_announced_one_says_what_that_means_and_leads_to_others(self, client: Client) -> None:
        tree = look(client, "gpt-4o")
        assert "Not connected on this portal" in main(tree)
        assert "nothing is charged for it" in main(tree)
        assert "/models/?callable=on" in links(tree)
        assert not any(href.startswith("/chat/") for href in links(tree))

    def test_of_an_announced_one_names_the_end_that_its_vendor_announced(self, client: Client) -> None:
        assert "The vendor ends it on" not in main(look(client, "gpt-4o"))
        ChatModel.objects.filter(slug="gpt-4o").update(retires_date=date(2031, 5, 17))
        said = main(look(client, "gpt-4o"))
        assert "The vendor ends it on" in said
        assert "17 May 2031" in said

    def test_of_one_whose_routes_are_all_off_says_that_it_served_before(self, client: Client, now: datetime) -> None:
        Upstream.objects.update(disabled_at=now)
        ChatModel.objects.filter(slug__startswith="demo-").update(family="Demo")
        tree = look(client, "demo-fast")
        said = main(tree)
        assert said.count("Out of service just now") == 4  # in its chip, in words, and twice among the versions
        assert "Reasoning: no" in said
        assert "/models/?callable=on" in links(tree)
        for false in ("Not connected", "cannot be called here yet", "people ask for it", "not known yet", "Call it"):
            assert false not in said.split("How it does here")[0]

    def test_of_one_that_leaves_while_it_is_out_of_service_names_its_last_day(
        self, client: Client, now: datetime
    ) -> None:
        Upstream.objects.update(disabled_at=now)
        change("demo-fast", state="deprecated", retires_date="2027-01-31")
        said = main(look(client, "demo-fast"))
        assert "Being retired on 31 January 2027" in said
        assert "being retired Out of service just now" in said
        assert "It answers as usual" not in said
        change("demo-fast", state="preview", retires_date=None)
        assert "can be called and is charged" not in main(look(client, "demo-fast"))

    def test_without_a_price_is_not_connected(self, client: Client) -> None:
        change("gpt-4o", **dict.fromkeys(("operated_by", "contract", "filing", "service_label"), "x"))
        change("gpt-4o", state="available", data_region="singapore", retention="nothing", trains_on_data=False)
        Route.objects.filter(chat_model__slug="demo-deep").update(chat_model=ChatModel.objects.get(slug="gpt-4o"))
        assert "Not connected on this portal" in main(look(client, "gpt-4o"))

    def test_of_a_preview_warns(self, client: Client) -> None:
        change("demo-deep", state="preview")
        assert "may change or go at short notice" in main(look(client, "demo-deep"))

    def test_of_one_that_is_being_retired_names_the_day_and_links_what_takes_its_place(self, client: Client) -> None:
        change("demo-fast", state="deprecated", replacement=ChatModel.objects.get(slug="demo-deep"))
        assert "the day is not set yet" in main(look(client, "demo-fast"))
        change("demo-fast", retires_date="2027-01-31")
        tree = look(client, "demo-fast")
        assert "Being retired on 31 January 2027" in main(tree)
        assert "/models/demo-deep/" in links(tree)
        assert "/chat/?model=demo-fast" in links(tree)

    def test_of_a_retired_one_stays_reachable_and_is_in_no_list(self, client: Client) -> None:
        change("demo-fast", state="retired", replacement=ChatModel.objects.get(slug="demo-deep"))
        tree = look(client, "demo-fast")
        assert "This model is retired" in main(tree)
        assert "/models/demo-deep/" in links(tree)
        assert not {"/chat/?model=demo-fast", "/models/compare/?model=demo-fast"} & set(links(tree))
        assert "Call it" not in main(tree)
        assert "Reasoning: no" in main(tree)
        assert "It reads no pictures." in main(tree)
        assert "once the model is connected" not in main(tree)
        assert "/models/demo-fast/" not in client.get("/models/").content.decode()

    def test_links_no_replacement_that_nobody_may_see(self, client: Client) -> None:
        change("demo-fast", state="retired", replacement=ChatModel.objects.get(slug="demo-deep"))
        change("demo-deep", published_at=None)
        assert "Demo Deep" not in main(look(client, "demo-fast"))

    def test_is_not_there_for_what_is_not_published(self, client: Client) -> None:
        change("demo-fast", published_at=None)
        look(client, "demo-fast", status=404)
        look(client, "no-such-model", status=404)


class TestFacts:
    def test_say_context_and_answer_in_pages(self, client: Client) -> None:
        said = main(look(client, "demo-deep"))
        assert "131,072 tokens" in said
        assert "can fill about 320 pages. The longest answer has about 20 pages." in said
        change("demo-deep", context_tokens=700, max_output_tokens=100)
        assert "can fill about 1 page. The longest answer has about 1 page." in main(look(client, "demo-deep"))

    def test_tell_no_nought_where_a_size_is_not_known(self, client: Client) -> None:
        change("gpt-4o", max_output_tokens=0)
        said = main(look(client, "gpt-4o"))
        assert "128,000 tokens Longest answernot known yet" in said
        assert "can fill about 320 pages." in said
        assert "longest answer has" not in said
        change("gpt-4o", context_tokens=0)
        ChatModel.objects.update(vendor=Vendor.objects.get(slug="openai"), family="GPT")
        tree = look(client, "gpt-4o")
        assert "Contextnot known yet Longest answernot known yet" in main(tree)
        assert "can fill" not in main(tree)
        table = next(each for each in tree.iter("table") if "Released" in words(each))
        assert [words(row[3]) for row in one(table, "tbody") if "GPT-4o" in words(row)] == ["not known yet"]

    def test_show_the_data_card(self, client: Client) -> None:
        change("demo-deep", operated_by="Harbor Cloud", contract="HC-2026-7", filing="Shanghai-0042")
        change("demo-deep", service_label="Written by a machine", data_region="singapore", trains_on_data=True)
        Vendor.objects.filter(slug="demo").update(terms_url="https://example.com/terms")
        tree = look(client, "demo-deep")
        said = main(tree)
        for fact in ("Harbor Cloud", "HC-2026-7", "Shanghai-0042", "Written by a machine", "goes to Singapore"):
            assert said.count(fact) == 2  # on the card, and in an answer to a question
        assert "https://example.com/terms" in links(tree)

    def test_say_what_is_not_known_yet(self, client: Client) -> None:
        assert main(look(client, "gpt-4o")).count("known once it is connected") == 7

    def test_open_no_address_that_is_none(self, client: Client) -> None:
        Vendor.objects.filter(slug="demo").update(terms_url="javascript:alert(1)")
        assert not any(href.startswith("javascript") for href in links(look(client, "demo-deep")))

    def test_say_what_it_can_do_and_what_not(self, client: Client, deep: ChatModel, now: datetime) -> None:
        said = main(look(client, "demo-deep"))
        assert "Tools: no" in said
        assert "Reasoning: yes" in said
        showcase.everything(deep, now=now)
        said = main(look(client, "demo-deep"))
        assert "It reads text pictures sound" in said
        assert "Prompt caching: yes" in said

    def test_leave_open_what_nobody_noted_of_a_model_that_is_not_connected(self, client: Client) -> None:
        change("gpt-4o", capabilities=["text", "tools"])
        said = main(look(client, "gpt-4o"))
        assert "Tools: yes" in said
        assert "Prompt caching: not known yet" in said

    def test_show_the_versions_of_its_family_newest_first(self, client: Client) -> None:
        assert "Versions of" not in main(look(client, "demo-deep"))
        ChatModel.objects.filter(slug__startswith="demo-").update(family="Demo", released_date="2026-01-01")
        change("gpt-4o", family="Demo")  # of another vendor
        change("demo-deep", released_date="2026-05-01")
        tree = look(client, "demo-fast")
        table = next(each for each in tree.iter("table") if "Released" in words(each))
        assert [words(row[0]) for row in one(table, "tbody")] == ["Demo Deep", "Demo Fast this one"]
        change("demo-deep", state="retired")
        assert "Versions of" not in main(look(client, "demo-fast"))
        assert "Demo Fast" in main(look(client, "demo-deep"))


class TestSnippets:
    def test_call_it_by_its_id_and_by_its_stable_name(self, client: Client) -> None:
        tree = look(client, "demo-fast")
        codes = {each.attrib["id"]: words(each) for each in tree.iter("pre")}
        assert len(codes) == 8
        for name in ("curl", "python", "node", "anthropic-python"):
            assert '"demo-fast"' in codes[f"snippet-{name}"]
            assert '"fast"' in codes[f"snippet-{name}-1"]
            assert settings.BASE_URL in codes[f"snippet-{name}"]
        targets = {each.attrib["data-target"] for each in tree.iter("button") if "data-target" in each.attrib}
        assert targets == set(codes)

    def test_are_not_there_for_what_cannot_be_called(self, client: Client) -> None:
        assert list(look(client, "gpt-4o").iter("pre")) == []


class TestWhole:
    def test_escapes_what_staff_and_vendors_wrote(self, client: Client, deep: ChatModel, now: datetime) -> None:
        showcase.everything(deep, now=now)
        evil = "<script>alert(1)</script>"
        change("demo-deep", name=evil, summary=evil, operated_by=evil, contract=evil, filing=evil, service_label=evil)
        change("demo-deep", good_for=[evil], family=evil, state="deprecated", replacement=deep.pk - 1)
        change("demo-fast", family=evil, name=evil)
        ChatModel.objects.filter(pk=deep.pk - 1).update(name=evil)
        Vendor.objects.update(name=evil)
        found = ChatModel.objects.get(slug="gpt-4o")
        showcase.list_price(found, at=now, source=evil)
        for slug in ("demo-deep", "gpt-4o"):
            content = client.get(f"/models/{slug}/").content.decode()
            assert "<script>alert" not in content
            assert "&lt;script&gt;alert" in content
            assert "&amp;lt;" not in content

    @pytest.mark.parametrize("slug", ["demo-deep", "demo-fast", "gpt-4o"])
    def test_speaks_chinese_alone(self, client: Client, slug: str, now: datetime) -> None:
        showcase.everything(ChatModel.objects.get(slug=slug), now=now)
        change("demo-fast", state="deprecated", retires_date="2027-01-31")
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
        tree = look(client, slug)
        for silent in [*tree.iter("pre"), *tree.iter("code"), *tree.iter("script"), *tree.iter("style")]:
            silent.clear()
        spoken = [main(tree)] + [each.attrib.get("aria-label", "") for each in tree.iter()]
        assert [
            said for said in spoken if SENTENCE.search(said.replace("Demo Deep", "").replace("Demo Fast", ""))
        ] == []
        assert "95%" in main(tree) or slug != "demo-deep"

    def test_asks_the_database_little_however_many_models_there_are(
        self, client: Client, deep: ChatModel, now: datetime
    ) -> None:
        showcase.everything(deep, now=now)
        vendor = Vendor.objects.get(slug="openai")
        many = [
            ChatModel(slug=f"m-{n}", name=f"M {n}", vendor=vendor, context_tokens=9, max_output_tokens=9, family="M")
            for n in range(MANY_MODELS)
        ]
        ChatModel.objects.bulk_create(many)
        ChatModel.objects.filter(family="M").update(published_at=now)
        Price.objects.bulk_create(
            Price(chat_model=each, active_from=now, published_at=now) for each in ChatModel.objects.filter(family="M")
        )
        for slug in ("demo-deep", "m-7"):
            client.get(f"/models/{slug}/")
            with query_budget(QUERIES):
                assert client.get(f"/models/{slug}/").status_code == 200
