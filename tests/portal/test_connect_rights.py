"""Who may connect a vendor, where its key may go, and how a new key takes the place of another."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import AuditEvent, User
from models_catalog import probes, upstreams
from models_catalog.models import Route, Upstream, VendorPrice
from models_catalog.probes import Endpoint, Probed
from tests.portal.vendors import KEY, PAGE, SECOND, chosen, connected, scripted, typed
from tests.scripted import serving

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalog_on_shelf")]


class TestRotation:
    def test_keeps_a_new_key_once_it_has_passed(self, desk: Client, vendor_url: str) -> None:
        upstream, page = connected(desk, vendor_url)
        refused = desk.post(page, typed(upstream.base_url, secret=SECOND))
        assert "The key is not accepted" in refused.content.decode()
        assert _secret_of(upstream) == KEY
        moved = scripted(vendor_url, "key=secret-2")
        assert desk.post(page, typed(moved, secret=SECOND)).status_code == 302
        assert _secret_of(upstream) == SECOND

    def test_leaves_a_key_that_somebody_else_replaced_meanwhile(
        self, desk: Client, vendor_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        upstream, page = connected(desk, vendor_url)
        probe = probes.probe

        def slow(endpoint: Endpoint, *, model_name: str) -> Probed:
            upstreams.seal_secret(upstream, secret=SECOND)
            upstreams.enable(upstream)
            return probe(endpoint, model_name=model_name)

        monkeypatch.setattr(probes, "probe", slow)
        answer = desk.post(page, typed(upstream.base_url, secret=KEY))
        assert "Somebody changed the address or the key" in answer.content.decode()
        assert _secret_of(upstream) == SECOND
        assert Upstream.objects.get(pk=upstream.pk).disabled_at is None

    def test_uses_the_kept_key_where_none_is_typed(self, desk: Client, vendor_url: str) -> None:
        upstream, page = connected(desk, vendor_url)
        assert desk.post(page, typed(upstream.base_url, secret="")).status_code == 302
        assert _secret_of(upstream) == KEY

    def test_sends_the_kept_key_to_no_other_server(self, desk: Client, vendor_url: str) -> None:
        upstream, page = connected(desk, vendor_url)
        with serving("127.0.0.1") as elsewhere:
            answer = desk.post(page, typed(scripted(elsewhere, ""), secret=""))
            usual = desk.post(page.replace("connect", "change"), _usual(base_url=scripted(elsewhere, "")))
        assert "the kept one is sent nowhere else" in answer.content.decode()
        assert "The kept key is sent to no other server" in usual.content.decode()
        assert Upstream.objects.get(pk=upstream.pk).base_url == upstream.base_url

    def test_takes_a_key_untested_nowhere(self, desk: Client, vendor_url: str) -> None:
        upstream, page = connected(desk, vendor_url)
        usual = page.replace("connect", "change")
        assert 'name="secret"' not in desk.get(usual).content.decode()
        assert desk.post(usual, _usual(base_url=upstream.base_url, secret=SECOND)).status_code == 302
        assert _secret_of(upstream) == KEY

    @pytest.mark.parametrize("key", ["sk-with space", "sk-ключ", "sk-a\nx-evil: 1"])
    def test_takes_only_what_can_stand_in_a_header(self, desk: Client, vendor_url: str, key: str) -> None:
        answer = desk.post(PAGE, typed(scripted(vendor_url, ""), secret=key))
        assert "only letters, digits and signs" in answer.content.decode()


class TestRights:
    @pytest.fixture
    def helper(self, client: Client) -> Client:
        """Staff who may keep upstreams, and no more."""
        user = User.objects.create_user("helper@example.com", name="Helper")
        User.objects.filter(pk=user.pk).update(is_staff=True)
        rights = ("add_upstream", "change_upstream", "view_upstream")
        user.user_permissions.set(Permission.objects.filter(codename__in=rights))
        client.force_login(user)
        return client

    def test_to_a_private_network_is_its_own(self, helper: Client, private_url: str, vendor_url: str) -> None:
        assert helper.post(PAGE, typed(private_url, may_be_private="on")).status_code == 200
        assert not Upstream.objects.filter(name="New vendor").exists()
        upstream, page = connected(helper, vendor_url)
        Upstream.objects.filter(pk=upstream.pk).update(may_be_private=True)
        helper.post(page, typed(private_url, reason="move"))
        helper.post(page.replace("connect", "change"), _usual(base_url=private_url, secret=KEY))
        assert Upstream.objects.get(pk=upstream.pk).base_url == upstream.base_url

    def test_to_a_private_network_is_written_down(self, desk: Client, private_url: str) -> None:
        answer = desk.post(PAGE, typed(private_url, may_be_private="on"))
        assert answer.status_code == 302, answer.content.decode()
        event = AuditEvent.objects.get(verb="staff.connect.upstream")
        assert (event.details["may_be_private"], event.details["address"]) == (True, private_url)

    def test_to_publish_are_asked_for(self, helper: Client, vendor_url: str) -> None:
        upstream, page = connected(helper, vendor_url)
        address, given = chosen(helper, upstream, page, "demo-fast")
        assert "You may not publish" in helper.get(address).content.decode()
        assert helper.post(address, given).status_code == 403
        assert not Route.objects.filter(upstream=upstream).exists()

    def test_to_open_routes_are_asked_for(self, helper: Client, vendor_url: str) -> None:
        upstream, page = connected(helper, vendor_url)
        _allow("add_chatmodel", "change_chatmodel", "add_route", "add_price")
        address, given = chosen(helper, upstream, page, "demo-fast")
        assert helper.post(address, given).status_code == 403
        _allow("change_route")
        assert helper.post(address, given).status_code == 302

    def test_to_note_costs_are_asked_for(self, helper: Client, vendor_url: str) -> None:
        upstream, page = connected(helper, vendor_url)
        _allow("add_chatmodel", "change_chatmodel", "add_route", "change_route", "add_price")
        address, given = chosen(helper, upstream, page, "demo-fast")
        row = upstream.found_models.get(upstream_model="demo-fast").pk
        terms = {"currency": "CNY", "exchange_rate": "1", "source": "nowhere", "source_date": "2026-11-01"}
        costly = given | {f"all-{name}": value for name, value in terms.items()} | {f"m{row}-cost_input": "0"}
        assert "What the upstream charges" not in helper.get(address).content.decode()
        assert helper.post(address, costly).status_code == 403
        assert not VendorPrice.objects.filter(upstream=upstream).exists()
        _allow("add_vendorprice")
        assert "What the upstream charges" in helper.get(address).content.decode()
        assert helper.post(address, costly).status_code == 302

    def test_to_the_page_are_asked_for(self, helper: Client, client: Client, vendor_url: str) -> None:
        upstream, page = connected(helper, vendor_url)
        User.objects.get(email="helper@example.com").user_permissions.clear()
        assert {helper.get(each).status_code for each in (PAGE, page)} == {403}
        assert helper.post(page, typed(upstream.base_url)).status_code == 403

    def test_takes_a_key_untested_nowhere(self, desk: Client, vendor_url: str) -> None:
        upstream, page = connected(desk, vendor_url)
        usual = page.replace("connect", "change")
        assert 'name="secret"' not in desk.get(usual).content.decode()
        assert desk.post(usual, _usual(base_url=upstream.base_url, secret=SECOND)).status_code == 302
        assert _secret_of(upstream) == KEY

    @pytest.mark.parametrize("key", ["0", "99999999", "x", "9" * 40])
    def test_to_nothing_find_nothing(self, desk: Client, key: str) -> None:
        assert desk.get(f"/admin/models_catalog/upstream/{key}/connect/").status_code == 404


def _allow(*rights: str) -> None:
    User.objects.get(email="helper@example.com").user_permissions.add(*Permission.objects.filter(codename__in=rights))


def _secret_of(upstream: Upstream) -> str:
    return upstreams.open_secret(Upstream.objects.get(pk=upstream.pk))


def _usual(**more: Any) -> dict[str, Any]:
    """The usual form of an upstream, filled in."""
    times = dict.fromkeys(("first_byte_timeout_seconds", "idle_timeout_seconds", "hard_deadline_seconds"), 9)
    given = {"name": "New vendor", "dialect": "openai_compatible", "concurrency": 1, "on_leave": "cancel"}
    return given | times | {"reason": "x", "may_be_private": "on"} | more
