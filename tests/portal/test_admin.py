"""The desk as a whole: every page of admin, who may open it, what it may show, and what it refuses."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin import site
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts import api_keys, audit, callers
from accounts.desks import Endless, ReadOnly
from accounts.models import Agreement, AuditEvent, Department, LegalText, SentMessage, User
from models_catalog import upstreams
from models_catalog.models import ChatModel, Price, Upstream
from models_catalog.models.price import RATE_NAMES
from models_catalog.pricing import Usage
from plans import ledger, offerings
from plans.models import OfferingVersion, Order, Payment
from portal import brand
from portal.kit import clock
from portal.models import Brand
from tests import kept
from tests.budget import query_budget
from tests.plans.papers import fapiao_of
from tests.portal import terms
from tests.usage import cast
from usage import audits, refusals
from usage import shelf as assistants

pytestmark = pytest.mark.django_db

LIST_BUDGET = 8
"""Session, user, rows, how many, and what the filters offer; never one more for each row."""
INLINE = re.compile(rb"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son[a-z]+=", re.IGNORECASE)
SECRET = "sk-never-shown"
NEVER_SHOWN = (SECRET, "argon2", "pbkdf2_sha256", "sealed_", cast.QUESTION, cast.ANSWER)


@pytest.fixture
def now() -> datetime:
    return clock.now()


@pytest.fixture
def home(now: datetime, settings: Settings) -> Iterator[cast.Home]:
    """A household of which every table of the desk holds something."""
    settings.DEMO = settings.EGRESS_LOOPBACK = True
    home = cast.assemble(now=now)
    kept.offerings(now=now)
    assistants.open_all(now=now)
    upstreams.seal_secret(Upstream.objects.earliest("pk"), secret=SECRET)
    cast.answered(home.owner, now=now)
    for tokens in range(1, 6):
        cast.called(home.child, used=Usage(in_fresh=tokens, out_text=tokens))
    _order(home, now=now)
    fapiao_of(home.owner, now=now)
    api_keys.issue(home.owner, api_keys.Wish(label="Laptop"), by=home.owner.user, now=now)
    audit.record("x", subject="y", account=home.owner.account, by=home.owner.user, now=now)
    Agreement.objects.create(user=home.owner.user, legal_text=LegalText.objects.earliest("pk"), agreed_at=now)
    Department.objects.create(account=home.stranger.account, name="Sales", created_at=now)
    no = ledger.NoCredits(available=1, needed=2)
    refusals.note(no, callers.of_member(home.child), source="chat", model_name="fast")
    SentMessage.objects.create(channel="sms", recipient="+8613800000000", body="123456", created_at=now)
    Brand.objects.create()
    audits.audit_all()
    brand.forget()
    yield home
    brand.forget()


@pytest.fixture
def desk(home: cast.Home, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("staff@example.com", password="a long pass phrase"))
    return client


class TestEveryPage:
    def test_opens_under_the_policy_and_shows_no_secret(self, desk: Client) -> None:
        for path in _pages(desk):
            page = desk.get(path)
            assert page.status_code == 200, path
            assert not INLINE.search(page.content), path
            assert "'unsafe-" not in page["Content-Security-Policy"]
            text = page.content.decode()
            assert not [word for word in NEVER_SHOWN if word in text], path

    def test_asks_little_for_a_list(self, desk: Client) -> None:
        desk.get(reverse("admin:index"))
        for model in site._registry:
            with query_budget(LIST_BUDGET):
                assert desk.get(_address(model)).status_code == 200

    def test_speaks_chinese(self, desk: Client) -> None:
        desk.cookies["django_language"] = "zh-hans"
        for model in site._registry:
            assert desk.get(_address(model)).status_code == 200

    def test_is_closed_to_visitors_and_members(self, home: cast.Home, client: Client) -> None:
        paths = [_address(model) for model in site._registry]
        for path in paths:
            assert client.get(path)["Location"].startswith("/admin/login/"), path
        client.force_login(home.owner.user)
        for path in paths:
            assert client.get(path, follow=True).status_code == 403, path

    def test_waits_for_a_second_factor_outside_the_demo(self, desk: Client, settings: Settings) -> None:
        settings.DEMO = False
        for model in site._registry:
            address = _address(model)
            for answer in (desk.get(address, follow=True), desk.post(address, {}, follow=True)):
                assert "/accounts/2fa/" in answer.redirect_chain[-1][0] or "reauth" in answer.redirect_chain[-1][0]

    def test_leaves_conversations_out(self) -> None:
        tables = {model.__name__ for model in site._registry}
        assert not tables & {"Conversation", "Turn", "ContentKey", "KeptAnswer", "Authenticator", "Session"}


class TestRecords:
    def test_refuse_to_be_written(self, desk: Client) -> None:
        for model, table in site._registry.items():
            if isinstance(table, ReadOnly):
                first = model._default_manager.first()
                paths = [f"{_address(model)}add/"]
                paths += [f"{_address(model)}{first.pk}/{act}/" for act in ("change", "delete")] if first else []
                assert {desk.post(path, {"reason": "x", "post": "yes"}).status_code for path in paths} == {403}, model

    def test_never_count_a_long_table(self, desk: Client) -> None:
        for model, table in site._registry.items():
            if isinstance(table, Endless):
                with CaptureQueriesContext(connection) as asked:
                    desk.get(_address(model))
                slow = [each for each in asked.captured_queries if re.search(r"COUNT\(|DISTINCT", each["sql"])]
                assert not slow, model

    def test_of_calls_are_found_by_id_and_by_account(self, desk: Client, home: cast.Home) -> None:
        call = cast.called(home.owner, used=Usage(in_fresh=77))
        address = "/admin/usage/call/"
        assert _found(desk, f"{address}?q={call.pk}") == 1
        assert _found(desk, f"{address}?q=olga") == 7
        assert _found(desk, f"{address}?q=nobody") == _found(desk, f"{address}?q=stan") == 0
        assert _found(desk, f"{address}?opened=hour") == 7
        page = desk.get(f"{address}{call.pk}/change/").content.decode()
        assert "Starter" in page
        assert f"/admin/plans/journal/{call.pk}/change/" in page


class TestChanges:
    def test_of_the_catalog_are_written_down_with_their_reason(self, desk: Client) -> None:
        path = "/admin/models_catalog/vendor/add/"
        given = {"slug": "new", "name": "New", "country": "CN", "risk": "low"}
        assert desk.post(path, given).status_code == 200
        assert desk.post(path, given | {"reason": "a new contract"}).status_code == 302
        event = AuditEvent.objects.get(verb="staff.add.vendor")
        assert (event.subject, event.reason) == ("New", "a new contract")
        assert event.details["fields"] == ["country", "name", "risk", "slug"]

    def test_never_touch_a_price(self, desk: Client) -> None:
        price = Price.objects.earliest("pk")
        path = f"/admin/models_catalog/price/{price.pk}/change/"
        assert desk.post(path, {"in_fresh": 0, "reason": "x"}).status_code == 403

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"active_from_0": "2020-01-01", "active_from_1": "00:00"}, "can only begin now or later"),
            ({"in_fresh": "-1"}, "greater than or equal to 0"),
            ({"in_fresh": "1001"}, "less than or equal to 1000"),
            ({"in_fresh": "0.0000000000001"}, "no more than 12 decimal places"),
            ({"in_fresh": "NaN"}, "Enter a number"),
            ({"active_from_0": "tomorrow", "active_from_1": ""}, "Enter a valid"),
            ({"reason": ""}, "required"),
        ],
    )
    def test_refuse_a_wrong_price(self, desk: Client, wrong: dict[str, str], said: str) -> None:
        prices = Price.objects.count()
        given = _price() | wrong
        assert said in desk.post("/admin/models_catalog/price/add/", given).content.decode()
        assert Price.objects.count() == prices

    def test_refuse_an_upstream_on_this_machine(self, desk: Client, settings: Settings) -> None:
        settings.EGRESS_LOOPBACK = False
        given = {"slug": "near", "name": "Near", "dialect": "openai_compatible", "concurrency": 1, "reason": "x"}
        given |= dict.fromkeys(("first_byte_timeout_seconds", "idle_timeout_seconds", "hard_deadline_seconds"), 9)
        for address in ("http://127.0.0.1:7/v1", "http://localhost/v1", "http://[::1]/v1", "ftp://example.com", "x"):
            page = desk.post("/admin/models_catalog/upstream/add/", given | {"base_url": address})
            assert page.status_code == 200, address
        assert not Upstream.objects.filter(slug="near").exists()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"credits": "0"},
            {"credits": "-5"},
            {"price": "-1"},
            {"price": "9.999"},
            {"valid_days": "30"},
            {"valid_months": ""},
            {"features_zh": "一\n二"},
            {"currency": "yuan"},
            {"reason": ""},
        ],
    )
    def test_refuse_wrong_terms(self, desk: Client, wrong: dict[str, str]) -> None:
        versions = OfferingVersion.objects.count()
        page = desk.post("/admin/plans/offeringversion/add/", terms.filled() | wrong)
        assert (page.status_code, OfferingVersion.objects.count()) == (200, versions)

    def test_publish_right_terms(self, desk: Client) -> None:
        looked = desk.post("/admin/plans/offeringversion/add/", terms.filled())
        seen = looked.context["adminform"].form.digest
        assert (looked.status_code, offerings.current("starter").price_minor) == (200, 990)
        assert desk.post("/admin/plans/offeringversion/add/", terms.filled() | {"seen": seen}).status_code == 302
        assert offerings.current("starter").price_minor == 1290


NO_LINES = {f"{lines}-{name}_FORMS": 0 for lines in ("windows", "tiers") for name in ("TOTAL", "INITIAL")}
RARE = (
    *("VendorPrice", "Refund", "Dispute", "Adjustment", "LateEvidence", "OfferUse", "Fulfillment", "PaymentMessage"),
    *("PaymentMethod", "Repayment", "Reconciliation", "Case", "Subscription", "Consent", "Invoice", "Fapiao"),
)


def _pages(desk: Client) -> Iterator[str]:
    request = desk.get(reverse("admin:index")).wsgi_request
    for model, table in site._registry.items():
        yield _address(model)
        if table.has_add_permission(request):
            yield f"{_address(model)}add/"
        first = model._default_manager.first()
        if first is None:
            assert model.__name__ in {"Hold", "Quota", "Project", "Scenario", "Group", *RARE}, model
        else:
            yield f"{_address(model)}{first.pk}/change/"
            yield f"{_address(model)}{first.pk}/history/"


def _address(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def _found(desk: Client, path: str) -> int:
    return len(desk.get(path).context["cl"].result_list)


def _price() -> dict[str, Any]:
    return {
        "chat_model": ChatModel.objects.earliest("pk").pk,
        "reason": "x",
        **dict.fromkeys(RATE_NAMES, "0.3"),
        **NO_LINES,
    }


def _order(home: cast.Home, *, now: datetime) -> None:
    version = offerings.current("starter")
    order = Order.objects.create(
        account=home.owner.account,
        placed_by=home.owner,
        offering_version=version,
        price_minor=version.price_minor,
        currency=version.currency,
        microcredits=version.microcredits,
        placed_at=now,
        expires_at=now + timedelta(hours=1),
    )
    Payment.objects.create(
        order=order,
        provider="carrier_billing",
        amount_minor=order.price_minor,
        currency=order.currency,
        sealed_phone=b"never shown",
        created_at=now,
        check_at=now,
    )
