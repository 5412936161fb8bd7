"""The pages of keys, as the owner, another member, a child and a stranger meet them."""

import html
import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from accounts import api_keys, callers
from accounts.api_keys import Wish
from accounts.models import ApiKey, Member, Project
from models_catalog import catalog
from models_catalog.models import Alias, ChatModel, Route
from plans import access, keys, nodes
from plans.keys import Bounds
from plans.models import AccessRule, Quota
from portal.kit import clock
from portal.kit.units import credits
from tests import kept
from tests.accounts.people import client_of, fresh
from tests.budget import query_budget
from tests.plans.cast import Household
from tests.plans.test_keys import ADDRESSES

pytestmark = pytest.mark.django_db

SECRET = re.compile(r"ck-[\w-]{48}")


def key_of(member: Member, label: str = "editor", *, by: Member | None = None) -> ApiKey:
    return keys.issue(member, Wish(label=label), Bounds(), by=(by or member).user, now=clock.now())[0]


def proven(member: Member) -> Client:
    return fresh(client_of(member))


class TestIssuing:
    def test_shows_the_secret_exactly_once(self, household: Household) -> None:
        client = proven(household.owner)
        page = client.post("/keys/", {"label": "editor", "member": household.owner.pk})
        (secret, *_again) = SECRET.findall(page.content.decode())
        assert "no-store" in page["Cache-Control"]
        assert callers.from_bearer(f"Bearer {secret}", "").member_id == household.owner.pk
        key = ApiKey.objects.get()
        assert f"/keys/{key.pk}/first-call/" in page.content.decode()
        for path in ("/keys/", f"/keys/{key.pk}/", f"/keys/{key.pk}/first-call/", "/keys/start/"):
            assert secret not in client.get(path).content.decode()

    def test_asks_for_proof_first(self, household: Household) -> None:
        answer = client_of(household.owner).post("/keys/", {"label": "editor"})
        assert answer.status_code == 302
        assert not ApiKey.objects.exists()

    def test_takes_what_the_form_folds_away(self, household: Household) -> None:
        kept.catalog(now=clock.now(), addresses=ADDRESSES)
        model = ChatModel.objects.published()[0]
        project = Project.objects.create(account=household.owner.account, name="Shop", created_at=clock.now())
        wish = {
            "label": "shop",
            "member": household.child.pk,
            "lifetime": "30",
            "monthly_credits": "50",
            "chat_models": [model.pk],
            "endpoints": ["chat/completions"],
            "networks": "203.0.113.7/24\n2001:db8::/32",
            "project": project.pk,
        }
        assert proven(household.owner).post("/keys/", wish).status_code == 200
        key = ApiKey.objects.get()
        assert (key.member, key.issued_by, key.project) == (household.child, household.owner.user, project)
        assert (key.endpoints, key.networks) == (["chat/completions"], ["203.0.113.0/24", "2001:db8::/32"])
        assert key.expires_at
        assert timedelta(days=29) < key.expires_at - clock.now() < timedelta(days=31)
        assert Quota.objects.get(window="month").limit == credits(50)
        assert AccessRule.objects.get().chat_model_ids == [model.pk]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"label": ""},
            {"label": "x", "networks": "everywhere"},
            {"label": "x", "endpoints": ["keys"]},
            {"label": "x", "is_management": "on", "monthly_credits": "5"},
            {"label": "x", "monthly_credits": "0"},
            {"label": "x", "lifetime": "99999"},
        ],
    )
    def test_says_what_is_wrong_and_issues_nothing(self, household: Household, wrong: dict[str, object]) -> None:
        page = proven(household.owner).post("/keys/", {"member": household.owner.pk} | wrong)
        assert page.status_code == 422
        assert page.content.decode().count('class="wrong"') == 1
        assert not ApiKey.objects.exists()

    def test_gives_a_member_a_key_of_their_own_alone(self, household: Household) -> None:
        wish = {"label": "mine", "member": household.owner.pk}
        assert proven(household.adult).post("/keys/", wish).status_code == 200
        assert ApiKey.objects.get().member == household.adult

    def test_gives_an_owner_nobody_of_elsewhere(self, household: Household) -> None:
        for member in (household.stranger, household.auditor):
            page = proven(household.owner).post("/keys/", {"label": "x", "member": member.pk})
            assert page.status_code == 422
        assert not ApiKey.objects.exists()

    def test_tells_a_child_and_an_auditor_to_ask_the_owner(self, household: Household) -> None:
        for member in (household.child, household.auditor):
            answer = proven(member).post("/keys/", {"label": "game"})
            assert answer.status_code == 403
            assert b"Ask the owner" in answer.content

    def test_sends_visitors_to_sign_in(self, client: Client) -> None:
        assert client.get("/keys/")["Location"] == "/accounts/login/?next=/keys/"

    def test_wants_the_token_that_guards_forms(self, household: Household) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(household.owner.user)
        assert client.post("/keys/", {"label": "editor"}).status_code == 403
        assert not ApiKey.objects.exists()


class TestTheList:
    def test_says_so_when_there_are_none(self, household: Household) -> None:
        assert b"No keys yet" in client_of(household.owner).get("/keys/").content

    def test_shows_whose_what_for_and_how_they_stand(self, household: Household) -> None:
        now = clock.now()
        key_of(household.adult, "braked")
        old = key_of(household.owner, "gone")
        api_keys.revoke(old, by=household.owner.user, reason="", now=now)
        ended = key_of(household.owner, "over")
        ApiKey.objects.filter(pk=ended.pk).update(expires_at=now, used_at=now)
        text = client_of(household.owner).get("/keys/").content.decode()
        for word in ("braked", "Brake", "In use", "gone", "Revoked", "over", "Expired", "adult"):
            assert word in text
        theirs = client_of(household.adult).get("/keys/").content.decode()
        assert "braked" in theirs
        assert "gone" not in theirs

    def test_keeps_to_its_query_budget(self, household: Household) -> None:
        for number in range(5):
            key_of(household.owner, f"key {number}")
        client = client_of(household.owner)
        client.get("/keys/")
        with query_budget(15):
            client.get("/keys/")


class TestAKey:
    def test_is_closed_to_strangers_and_other_members(self, household: Household) -> None:
        key = key_of(household.owner)
        for member in (household.adult, household.child, household.auditor, household.stranger):
            client = proven(member)
            for ending in ("", "rotation/", "revocation/", "first-call/"):
                assert client.get(f"/keys/{key.pk}/{ending}").status_code == 404, (member, ending)
            for ending in ("rotation/", "revocation/", "brake/"):
                posted = client.post(f"/keys/{key.pk}/{ending}", {"overlap_seconds": "0", "confirmed": "yes"})
                assert posted.status_code == 404, (member, ending)
            assert key.last_four not in client.get("/keys/").content.decode()
        assert ApiKey.objects.filter(revoked_at=None).count() == 1

    def test_is_open_to_its_holder_and_the_owner(self, household: Household) -> None:
        key = key_of(household.adult)
        for member in (household.adult, household.owner, household.bill_payer):
            assert client_of(member).get(f"/keys/{key.pk}/").status_code == 200

    def test_says_who_lifts_the_brake(self, household: Household) -> None:
        key = key_of(household.adult)
        text = client_of(household.adult).get(f"/keys/{key.pk}/").content.decode()
        assert "Olga" in text or "olga" in text
        assert f"/keys/{key.pk}/brake/" not in text
        assert f"/keys/{key.pk}/brake/" in client_of(household.owner).get(f"/keys/{key.pk}/").content.decode()


class TestTheBrake:
    def test_is_lifted_with_one_tap_by_the_owner(self, household: Household) -> None:
        key = key_of(household.adult)
        path = f"/keys/{key.pk}/brake/"
        assert client_of(household.owner).post(path).status_code == 302  # to the proof
        assert proven(household.adult).post(path).status_code == 403
        assert proven(household.bill_payer).post(path).status_code == 403
        assert Quota.objects.in_force().count() == 2
        answer = proven(household.owner).post(path, follow=True)
        assert "The brake is lifted" in answer.content.decode()
        assert not Quota.objects.in_force().exists()

    def test_is_not_ended_as_other_quotas_are(self, household: Household) -> None:
        key = key_of(household.owner)
        for quota in Quota.objects.filter(node_kind="key", node_id=key.pk):
            assert client_of(household.owner).post(f"/quotas/{quota.pk}/ending/").status_code == 404
        assert "End it" not in client_of(household.owner).get(f"/quotas/key/{key.pk}/").content.decode()


class TestRotation:
    def test_asks_for_the_overlap_and_shows_the_new_secret_once(self, household: Household) -> None:
        key = key_of(household.owner)
        path = f"/keys/{key.pk}/rotation/"
        client = proven(household.owner)
        assert "24 hours" in client.get(path).content.decode()
        page = client.post(path, {"overlap_seconds": "3600"})
        (secret, *_again) = SECRET.findall(page.content.decode())
        key.refresh_from_db()
        assert key.expires_at
        assert key.expires_at - clock.now() <= timedelta(hours=1)
        assert callers.from_bearer("", secret).api_key_id == ApiKey.objects.get(replaces=key).pk
        assert client.post(path, {"overlap_seconds": "3600"}).status_code == 409

    def test_takes_no_other_overlap(self, household: Household) -> None:
        key = key_of(household.owner)
        for wrong in ("604801", "-1", "", "soon"):
            answer = proven(household.owner).post(f"/keys/{key.pk}/rotation/", {"overlap_seconds": wrong})
            assert answer.status_code == 422
        assert ApiKey.objects.count() == 1

    def test_asks_for_proof(self, household: Household) -> None:
        key = key_of(household.owner)
        assert client_of(household.owner).post(f"/keys/{key.pk}/rotation/", {"overlap_seconds": "0"}).status_code == 302
        assert ApiKey.objects.count() == 1

    def test_is_refused_to_a_bill_payer_of_others_keys(self, household: Household) -> None:
        key = key_of(household.adult)
        answer = proven(household.bill_payer).post(f"/keys/{key.pk}/rotation/", {"overlap_seconds": "0"})
        assert answer.status_code == 403
        assert ApiKey.objects.count() == 1


class TestTheStart:
    @pytest.fixture(autouse=True)
    def _anew(self) -> Iterator[None]:
        catalog.forget()
        yield
        catalog.forget()

    @pytest.mark.parametrize("how", ["from the member", "unconnected"])
    def test_names_what_the_reader_may_call_and_what_is_connected(self, household: Household, how: str) -> None:
        kept.catalog(now=clock.now(), addresses=ADDRESSES)
        aliases = list(Alias.objects.select_related("chat_model"))
        aliases.sort(key=lambda alias: alias.chat_model.context_tokens)
        hidden = {aliases[-1].chat_model_id, Alias.objects.all()[0].chat_model_id}
        left = [alias for alias in aliases if alias.chat_model_id not in hidden]
        if how == "unconnected":
            Route.objects.filter(chat_model__in=hidden).delete()
        else:
            node = nodes.seen_by(household.owner, kind="member", node_id=household.adult.pk)
            rule = access.Rule(chat_model_ids=tuple(alias.chat_model_id for alias in left))
            access.put(node, rule, by=household.owner.user, now=clock.now())
        page = html.unescape(client_of(household.adult).get("/keys/start/").content.decode())
        assert set(re.findall(r'(?:\bmodel = |_MODEL=|"model": )"([a-z-]+)"', page)) == {left[-1].slug}

    def test_sets_codex_up_for_the_model_that_reads_most(self, household: Household) -> None:
        kept.catalog(now=clock.now(), addresses=ADDRESSES)
        most = max(Alias.objects.values_list("chat_model__context_tokens", flat=True))
        page = html.unescape(client_of(household.adult).get("/keys/start/").content.decode())
        [text] = re.findall(r'<pre id="start-codex".*?><code>(.*?)</code>', page, re.DOTALL)
        config = tomllib.loads(text)
        provider = config["model_providers"][config["model_provider"]]
        assert (provider["base_url"], provider["wire_api"]) == (f"{settings.BASE_URL}/v1", "responses")
        assert f'export {provider["env_key"]}="ck-' in page
        told = Alias.objects.get(slug=config["model"]).chat_model
        assert config["model_context_window"] == told.context_tokens == most

    def test_sets_claude_code_up_for_the_model_that_reads_most(self, household: Household) -> None:
        kept.catalog(now=clock.now(), addresses=ADDRESSES)
        key = key_of(household.adult)
        page = html.unescape(client_of(household.adult).get("/keys/start/").content.decode())
        [text] = re.findall(r'<pre id="start-claude".*?><code>(.*?)</code>', page, re.DOTALL)
        told = dict(re.findall(r'export (\w+)="(.*)"', text))
        assert (told["ANTHROPIC_BASE_URL"], text.splitlines()[-1]) == (settings.BASE_URL, "claude")
        assert told["ANTHROPIC_AUTH_TOKEN"] == f"{key.prefix}…{key.last_four}"
        model = Alias.objects.get(slug=told["ANTHROPIC_MODEL"]).chat_model
        assert model.context_tokens == max(Alias.objects.values_list("chat_model__context_tokens", flat=True))
        assert told["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == str(model.context_tokens)
        assert told["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] == str(model.max_output_tokens)

    def test_shows_anthropics_library_the_address_without_its_version(self, household: Household) -> None:
        page = html.unescape(client_of(household.adult).get("/keys/start/").content.decode())
        assert f'Anthropic(base_url="{settings.BASE_URL}", api_key="ck-' in page

    def test_shows_the_address_and_the_own_key_masked(self, household: Household) -> None:
        key = key_of(household.adult)
        text = client_of(household.adult).get("/keys/start/").content.decode()
        assert f"{key.prefix}…{key.last_four}" in text
        assert "/v1/chat/completions" in text
        assert key.last_four not in client_of(household.owner).get("/keys/start/").content.decode()
