"""Assistants on the running product: by every dialect and the chat one path, told before, bounded, on the receipt."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import anthropic
import httpx
import openai
import pytest

from accounts import api_keys, children, scenarios
from accounts.children import Limits
from accounts.models import Member, Scenario
from portal.kit import clock
from tests.accounts.people import client_of, tablet_of
from tests.stand import Stand
from tests.usage import shelves
from tests.usage.shelves import PROMPT
from tests.usage.test_family_calls import founded, key_of
from tests.usage.test_family_chat import browser_of, send
from usage import assistants
from usage.models import Assistant, AssistantCall, Call, Conversation, Turn

NAME = "assistant/tea-replies"
ASKING = "[[script words=5 gap_ms=1]]"
TRANSLATOR = "You are a careful translator."


@pytest.fixture
def owner(stand: Stand) -> Iterator[Member]:
    with stand.inside():
        yield founded("business")


@pytest.fixture
def key(owner: Member) -> str:
    shelves.published(owner, now=clock.now(), longest_question_characters=200)
    return key_of(owner, owner)


@pytest.fixture
def parent(stand: Stand) -> Iterator[Member]:
    with stand.inside():
        yield founded("household")


@pytest.fixture
def child(parent: Member) -> Member:
    now = clock.now()
    line = children.open(parent, nickname="Mei", born_in=date(now.year - 11, 1, 1), pin="2580", language="en", now=now)
    children.limit(line, Limits(daily_minutes=None, quiet_from=None, quiet_to=None), by=parent, now=now)
    return line


def asked(stand: Stand, key: str, *, model: str = NAME, text: str = ASKING, **more: Any) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": text}], **more.pop("body", {})}
    headers = {"authorization": f"Bearer {key}", **more}
    return httpx.post(f"{stand.api_base}/chat/completions", json=body, headers=headers, timeout=60)


def told(stand: Stand, call_id: str) -> str:
    """What the upstream was told before the question."""
    return str(httpx.get(f"{stand.sandbox_url}/upstream/hits/{call_id}").json()["told"])


def receipt(stand: Stand, key: str, call_id: str) -> Any:
    stand.wait_until(lambda: AssistantCall.objects.filter(pk=call_id).exists())
    return httpx.get(f"{stand.api_base}/calls/{call_id}", headers={"authorization": f"Bearer {key}"}).json()


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


class TestDialects:
    def test_chat_completions(self, stand: Stand, key: str) -> None:
        with openai.OpenAI(base_url=stand.api_base, api_key=key, max_retries=0) as client:
            answer = client.chat.completions.with_raw_response.create(
                model=NAME, messages=[{"role": "system", "content": "Be short."}, {"role": "user", "content": ASKING}]
            )
        self.check(stand, key, answer.headers, also="Be short.")
        parsed = answer.parse()
        assert (parsed.model, parsed.choices[0].message.content) == ("demo-fast", "word1 word2 word3 word4 word5")

    def test_responses(self, stand: Stand, key: str) -> None:
        with openai.OpenAI(base_url=stand.api_base, api_key=key, max_retries=0) as client:
            answer = client.responses.with_raw_response.create(model=NAME, input=ASKING, instructions="Be short.")
        self.check(stand, key, answer.headers, also="Be short.")
        assert PROMPT not in answer.text
        assert answer.parse().max_output_tokens == 300

    def test_messages(self, stand: Stand, key: str) -> None:
        with anthropic.Anthropic(base_url=stand.base_url, api_key=key, max_retries=0) as client:
            answer = client.messages.with_raw_response.create(
                model=NAME, max_tokens=5_000, system="Be short.", messages=[{"role": "user", "content": ASKING}]
            )
        self.check(stand, key, answer.headers, also="Be short.")

    def test_streams(self, stand: Stand, key: str) -> None:
        answer = asked(stand, key, body={"stream": True})
        assert PROMPT not in answer.text
        assert answer.text.rstrip().endswith("data: [DONE]")
        assert told(stand, answer.headers["x-request-id"]) == PROMPT

    def check(self, stand: Stand, key: str, headers: Any, *, also: str) -> None:
        call_id = headers["x-request-id"]
        assert told(stand, call_id) == f"{PROMPT}\n\n{also}"
        assert headers["x-output-limit"] == "300"
        assert headers["x-served-model"] == "demo-fast"
        kept = receipt(stand, key, call_id)
        assert (kept["model"], kept["assistant"]) == ("demo-fast", "assistant/tea-replies@1")
        assert PROMPT not in json.dumps(kept)

    def test_counts_what_is_told_before(self, stand: Stand, key: str) -> None:
        with anthropic.Anthropic(base_url=stand.base_url, api_key=key, max_retries=0) as client:
            counts = [
                client.messages.count_tokens(model=model, messages=[{"role": "user", "content": "Hello"}]).input_tokens
                for model in (NAME, "fast")
            ]
            assert counts[0] > counts[1]
            with pytest.raises(anthropic.NotFoundError):
                client.messages.count_tokens(model="assistant/none", messages=[{"role": "user", "content": "Hello"}])


class TestNames:
    def test_are_listed_in_the_shape_of_models(self, stand: Stand, key: str) -> None:
        listed = httpx.get(f"{stand.api_base}/models", headers={"authorization": f"Bearer {key}"}).json()["data"]
        mine = {each["id"]: each for each in listed if each["owned_by"] == "assistant"}
        assert {NAME, "assistant/sales-proposal", "assistant/letter-writer"} <= set(mine)
        assert "assistant/homework-tutor" not in mine
        assert (mine[NAME]["canonical_slug"], mine[NAME]["name"]) == ("demo-fast", "Tea replies")
        assert mine[NAME]["top_provider"]["max_completion_tokens"] == 300
        assert set(mine[NAME]) == set(listed[0])
        assert PROMPT not in json.dumps(listed)
        one = httpx.get(f"{stand.api_base}/models/{NAME}", headers={"authorization": f"Bearer {key}"}).json()
        assert one == mine[NAME]

    def test_of_others_are_not_there(self, stand: Stand, key: str) -> None:
        rival = founded("business")
        theirs = key_of(rival, rival)
        listed = httpx.get(f"{stand.api_base}/models", headers={"authorization": f"Bearer {theirs}"}).json()["data"]
        assert NAME not in {each["id"] for each in listed}
        path = f"{stand.api_base}/models/{NAME}"
        assert httpx.get(path, headers={"authorization": f"Bearer {theirs}"}).status_code == 404
        assert code_of(asked(stand, theirs)) == code_of(asked(stand, theirs, model="assistant/none"))
        assert code_of(asked(stand, theirs)) == (404, "model_not_found")
        assert code_of(asked(stand, theirs, model="assistant/homework-tutor")) == (404, "model_not_found")

    def test_stay_with_a_version_where_one_is_named(self, stand: Stand, owner: Member, key: str) -> None:
        own = Assistant.objects.get(account=owner.account)
        other = assistants.Terms(prompt="Two.", model_name="fast")
        assistants.revise(own, card=shelves.CARD, terms=other, by=owner, now=clock.now())
        said = [
            told(stand, asked(stand, key, model=name).headers["x-request-id"]) for name in (f"{NAME}@2", f"{NAME}@1")
        ]
        assert said == ["Two.", PROMPT]

    def test_mean_nothing_once_withdrawn(self, stand: Stand, owner: Member, key: str) -> None:
        own = Assistant.objects.get(account=owner.account)
        assistants.withdraw(own, by=owner.user, reason="", now=clock.now())
        assert code_of(asked(stand, key)) == (410, "assistant_withdrawn")
        assert not Call.objects.filter(account=owner.account_id).exists()


class TestBounds:
    def test_of_a_question_are_told_and_cost_nothing(self, stand: Stand, owner: Member, key: str) -> None:
        assert code_of(asked(stand, key, text="x" * 201)) == (400, "question_too_long")
        assert not Call.objects.filter(account=owner.account_id).exists()

    def test_of_an_answer_hold_for_what_is_asked(self, stand: Stand, key: str) -> None:
        for wanted, limit in ((20, "20"), (3_000, "300")):
            assert asked(stand, key, body={"max_tokens": wanted}).headers["x-output-limit"] == limit


class TestScenarios:
    def test_are_the_assistants_unless_the_caller_says_another(self, stand: Stand, parent: Member) -> None:
        own = scenarios.make("Sums", by=parent, now=clock.now())
        key = key_of(parent, parent)
        languages = Scenario.objects.get(account=None, name="Languages")
        for header, expected in (({}, languages.pk), ({"x-scenario": "Sums"}, own.pk)):
            answer = asked(stand, key, model="assistant/translator", **header)
            assert Call.objects.get(pk=answer.headers["x-request-id"]).scenario_id == expected

    def test_of_a_key_stand(self, stand: Stand, parent: Member) -> None:
        own = scenarios.make("Sums", by=parent, now=clock.now())
        wish = api_keys.Wish(label="Sums", scenario_id=own.pk)
        key = api_keys.issue(parent, wish, by=parent.user, now=clock.now())[1]
        answer = asked(stand, key, model="assistant/translator")
        assert Call.objects.get(pk=answer.headers["x-request-id"]).scenario_id == own.pk


class TestChildren:
    def test_are_told_to_explain_before_the_assistant_is(self, stand: Stand, parent: Member, child: Member) -> None:
        answer = asked(stand, key_of(child, parent), model="assistant/translator")
        said = told(stand, answer.headers["x-request-id"])
        assert said.index("You are a patient tutor of a child") < said.index(TRANSLATOR)

    def test_are_guarded_as_ever(self, stand: Stand, parent: Member, child: Member) -> None:
        key = key_of(child, parent)
        number = "My phone number is 13812345678 call me"
        assert code_of(asked(stand, key, model="assistant/translator", text=number)) == (403, "content_filtered")
        assert code_of(asked(stand, key, model="assistant/tax-questions")) == (404, "model_not_found")

    def test_call_for_nothing_that_their_guardian_left_out(self, stand: Stand, parent: Member, child: Member) -> None:
        languages = Scenario.objects.get(account=None, name="Languages")
        limits = Limits(daily_minutes=None, quiet_from=None, quiet_to=None, scenario_ids=(languages.pk,))
        children.limit(child, limits, by=parent, now=clock.now())
        key = key_of(child, parent)
        assert code_of(asked(stand, key, model="assistant/homework-tutor"))[0] == 403
        assert asked(stand, key, model="assistant/translator").status_code == 200
        named = asked(stand, key, model="assistant/homework-tutor", **{"x-scenario": "Languages"})
        assert code_of(named) == (404, "model_not_found")
        for slug, status in (("homework-tutor", 404), ("translator", 200)):
            path = f"{stand.api_base}/models/assistant/{slug}"
            assert httpx.get(path, headers={"authorization": f"Bearer {key}"}).status_code == status


class TestTheChat:
    def test_takes_the_same_path(self, stand: Stand, parent: Member) -> None:
        with browser_of(stand, client_of(parent)) as browser:
            turn = self.asked(stand, browser, parent, model="assistant/translator")
        assert told(stand, str(turn.call_id)).startswith(TRANSLATOR)
        kept, call = turn.conversation, Call.objects.select_related("scenario").get(pk=str(turn.call_id))
        assert kept.assistant_version is not None
        assert call.scenario is not None
        assert (kept.assistant_version.assistant.slug, call.scenario.name) == ("translator", "Languages")
        assert (kept.scenario_id, call.session) == (call.scenario_id, str(kept.pk))
        stand.wait_until(lambda: AssistantCall.objects.filter(pk=str(turn.call_id)).exists())

    def test_goes_on_with_the_version_that_it_began_with(self, stand: Stand, owner: Member, key: str) -> None:
        with browser_of(stand, client_of(owner)) as browser:
            first = self.asked(stand, browser, owner, model=NAME)
            Turn.objects.filter(pk=first.pk).update(state=Turn.KEPT, ended_at=clock.now())
            own = Assistant.objects.get(account=owner.account)
            other = assistants.Terms(prompt="Two.", model_name="fast")
            assistants.revise(own, card=shelves.CARD, terms=other, by=owner, now=clock.now())
            path = f"/chat/{first.conversation_id}/turns/"
            second = self.asked(stand, browser, owner, path=path, model="everyday")
            assert told(stand, str(second.call_id)) == PROMPT
            anew = self.asked(stand, browser, owner, model=NAME)
        assert told(stand, str(anew.call_id)) == "Two."

    def test_leaves_nothing_of_what_was_refused(self, stand: Stand, owner: Member, key: str) -> None:
        with browser_of(stand, client_of(owner)) as browser:
            answer = send(browser, "/chat/", text="x" * 201, model=NAME)
        assert (answer.status_code, "this assistant takes 200" in answer.text) == (400, True)
        assert not Conversation.objects.filter(member=owner).exists()

    def test_is_guarded_for_children_and_asks_for_what_they_may(
        self, stand: Stand, parent: Member, child: Member
    ) -> None:
        with browser_of(stand, tablet_of(child, by=parent, now=clock.now())) as tablet:
            assert send(tablet, "/chat/", text=ASKING, model="assistant/tax-questions").status_code == 404
            turn = self.asked(stand, tablet, child, model="assistant/translator")
        assert "You are a patient tutor of a child" in told(stand, str(turn.call_id))

    def asked(self, stand: Stand, browser: httpx.Client, member: Member, *, path: str = "/chat/", model: str) -> Turn:
        answer = send(browser, path, text=ASKING, model=model)
        assert answer.status_code == 302, answer.text
        mine = Turn.objects.filter(conversation__member=member, role=Turn.ANSWER)
        turn = mine.select_related("conversation__assistant_version__assistant").latest("created_at")
        stand.wait_until(lambda: Call.objects.filter(pk=str(turn.call_id)).exists())
        return turn


def test_the_demo_has_the_portals_own_on_its_shelf(stand: Stand) -> None:
    with stand.inside():
        assert Assistant.objects.on_shelf().filter(account=None).count() == 13
    assert stand.manage("load_assistants").startswith("13 assistants are loaded, 13 of them published.")
