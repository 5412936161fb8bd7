"""The seven questions of a buyer are answered by the model's own facts, and honestly where they are not known."""

from datetime import datetime

import pytest
from django.test import Client

from models_catalog import cards, questions
from models_catalog.models import ChatModel, Upstream
from models_catalog.questions import Answers, Charge, Footing
from portal.kit import clock
from tests.models_catalog import model_pages, showcase
from tests.models_catalog.model_pages import change, look, words

pytestmark = pytest.mark.django_db
QUESTIONS = (
    "Which model and which version is it?",
    "Does it do what I need?",
    "How are input and output charged?",
    "Are pictures and tools extra?",
    "Is it stable?",
    "Where does my data go?",
    "Does it meet our rules of security and compliance?",
)


@pytest.fixture(autouse=True)
def now() -> datetime:
    """The demo's catalog, from this moment on."""
    return model_pages.fill_shelf()


def answers(slug: str) -> Answers:
    """What is decided for a model."""
    card = cards.card_of(slug, now=clock.now())
    assert card is not None
    return questions.answers(card)


def said(client: Client, slug: str) -> dict[str, str]:
    """The answers by question, as they stand on the page."""
    folds = look(client, slug).findall(".//div[@class='answers']/details")
    return {words(fold[0]): words(fold[1]) for fold in folds}


class TestAnswers:
    def test_say_how_what_is_no_text_is_charged(self) -> None:
        assert answers("demo-deep").pictures == Charge.NOTHING_TO_CHARGE
        change("demo-deep", capabilities=["images", "image_output", "audio", "audio_output"])
        found = answers("demo-deep")
        assert {found.pictures, found.sound, found.drawing, found.speaking} == {Charge.LIKE_TEXT}
        deep = ChatModel.objects.get(slug="demo-deep")
        showcase.price(deep, ("4", "12"), at=clock.now(), in_image=9, out_audio=0)
        found = answers("demo-deep")
        assert (found.pictures, found.sound) == (Charge.APART, Charge.LIKE_TEXT)
        assert (found.drawing, found.speaking) == (Charge.LIKE_TEXT, Charge.APART)

    def test_say_that_a_charge_is_not_known_without_a_price(self) -> None:
        change("gpt-4o", capabilities=["images"])
        assert answers("gpt-4o").pictures == Charge.UNKNOWN

    @pytest.mark.parametrize(
        ("state", "footing"),
        [
            ("available", Footing.STEADY),
            ("preview", Footing.PREVIEW),
            ("deprecated", Footing.LEAVING),
            ("retired", Footing.GONE),
            ("announced", Footing.ANNOUNCED),
        ],
    )
    def test_say_how_far_one_may_rely_on_it(self, state: str, footing: Footing) -> None:
        change("demo-deep", state=state)
        assert answers("demo-deep").footing == footing

    @pytest.mark.parametrize(
        ("state", "footing"),
        [
            ("available", Footing.RESTING),
            ("preview", Footing.RESTING),
            ("deprecated", Footing.LEAVING),
            ("retired", Footing.GONE),
            ("announced", Footing.ANNOUNCED),
        ],
    )
    def test_say_it_while_nothing_leads_to_it_too(self, state: str, footing: Footing, now: datetime) -> None:
        Upstream.objects.update(disabled_at=now)
        change("demo-deep", state=state)
        assert answers("demo-deep").footing == footing


class TestSentences:
    def test_answer_all_seven(self, client: Client) -> None:
        for slug in ("demo-deep", "gpt-4o"):
            told = said(client, slug)
            assert tuple(told) == QUESTIONS
            assert all(len(answer) > 20 for answer in told.values())

    def test_name_the_models_own_facts(self, client: Client, now: datetime) -> None:
        showcase.everything(ChatModel.objects.get(slug="demo-deep"), now=now)
        which, need, charged, extra, stable, where, rules = said(client, "demo-deep").values()
        assert "The id “demo-deep” always means this one" in which
        assert "The stable name “Deep” leads to it today." in which
        assert "1 other version of its family" in which
        assert "Seeing what a thorough model costs; Testing reasoning output." in need
        assert "takes in about 320 and writes about 20" in need
        assert "1 token read costs 4 credits." in charged
        assert "At certain hours or lengths other prices count" in charged
        assert "Pictures that you send are counted in tokens and cost what other input costs." in extra
        assert "Tools have no price of their own" in extra
        assert "Besides, each request costs 5 credits." in extra
        assert "In the last 30 days 99.9 % of 18,212 calls succeeded." in stable
        assert "What you send: stays on this machine." in where
        assert "No model learns from it." in where
        assert "Contract: None needed: a scripted stand-in." in rules

    def test_are_honest_about_what_is_not_known(self, client: Client, now: datetime) -> None:
        which, need, charged, extra, stable, where, rules = said(client, "gpt-4o").values()
        assert "not known yet" in charged.lower()
        assert "not known yet" in stable.lower()
        assert where.count("not known yet") == 3
        assert "Not all of it is known yet" in rules
        assert "GPT-4o by OpenAI" in which
        assert "pages" in need
        assert "There is no charge" not in extra
        showcase.list_price(ChatModel.objects.get(slug="gpt-4o"), at=now)
        assert "it is not what you would pay here" in said(client, "gpt-4o")[QUESTIONS[2]]

    def test_make_no_page_up_where_a_size_is_not_known(self, client: Client) -> None:
        change("gpt-4o", max_output_tokens=0)
        told = said(client, "gpt-4o")[QUESTIONS[1]]
        assert "takes in about 320 at once; how much it writes is not known yet." in told
        change("gpt-4o", context_tokens=0)
        told = said(client, "gpt-4o")[QUESTIONS[1]]
        assert "How much it takes in and writes at once is not known yet." in told
        assert "In pages" not in told

    def test_say_until_when_it_can_be_relied_on(self, client: Client) -> None:
        change("demo-fast", state="deprecated", retires_date="2027-01-31")
        change("demo-fast", replacement=ChatModel.objects.get(slug="demo-deep"))
        told = said(client, "demo-fast")[QUESTIONS[4]]
        assert "Until 31 January 2027: then it is retired. Demo Deep takes its place." in told
        assert "Nobody has called it here in the last 30 days" in told
        assert "out of service" not in told

    def test_say_when_it_is_out_of_service(self, client: Client, now: datetime) -> None:
        Upstream.objects.update(disabled_at=now)
        told = said(client, "demo-fast")
        assert "Not just now: it is out of service here, and no end of it is announced." in told[QUESTIONS[4]]
        assert "It reads no pictures." in told[QUESTIONS[3]]
        assert "It uses no tools." in told[QUESTIONS[3]]
        change("demo-fast", state="deprecated", retires_date="2027-01-31")
        told = said(client, "demo-fast")
        assert "Until 31 January 2027: then it is retired. It is out of service just now." in told[QUESTIONS[4]]
