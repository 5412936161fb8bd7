"""Admin: under the same strict policy as all pages, in both languages, for staff with a second factor."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.admin import site
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts import api_keys
from accounts.models import Account, AuditEvent, Department, LegalText, Member, User
from portal import brand
from portal.models import Brand
from tests.accounts.people import NOW

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
INLINE = re.compile(rb"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son[a-z]+=", re.IGNORECASE)


@pytest.fixture
def staff() -> User:
    return User.objects.create_superuser("staff@example.com", password="a long pass phrase")


@pytest.fixture
def desk(staff: User, settings: Settings) -> Client:
    settings.DEMO = True
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture(autouse=True)
def _no_kept_brand() -> None:
    brand.forget()


def test_every_list_and_form_opens_under_the_policy(desk: Client, owner: Member) -> None:
    api_keys.issue(owner, api_keys.Wish(label="x"), by=owner.user, now=NOW)
    Brand.objects.create()
    for model, model_admin in site._registry.items():
        if model._meta.app_label not in {"accounts", "portal"}:
            continue
        stem = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        first = model._default_manager.first()
        paths = [stem] + ([f"{stem}{first.pk}/change/"] if first else [])
        for path in paths + ([f"{stem}add/"] if model_admin.has_add_permission(_request(desk)) else []):
            page = desk.get(path)
            assert page.status_code == 200, path
            assert not INLINE.search(page.content), (path, INLINE.search(page.content))
            assert "'unsafe-" not in page["Content-Security-Policy"]


def _request(client: Client) -> HttpRequest:
    return client.get("/admin/").wsgi_request


class TestLookups:
    @pytest.mark.parametrize(
        "address",
        [
            "user/?password__startswith=pbkdf2",
            "apikey/?digest__gt=0",
            "member/?user__password__startswith=pbkdf2",
        ],
    )
    def test_of_what_is_hidden_are_refused(self, desk: Client, address: str) -> None:
        assert desk.get(f"/admin/accounts/{address}").status_code == 400

    @pytest.mark.parametrize("address", ["user/?is_staff__exact=1", "apikey/?revoked_at__isempty=1", "user/?id__in=1"])
    def test_of_what_is_shown_are_answered(self, desk: Client, address: str) -> None:
        assert desk.get(f"/admin/accounts/{address}").status_code == 200


class TestTheDoor:
    def test_is_the_sign_in_of_everyone(self, client: Client) -> None:
        page = client.get("/admin/", follow=True)
        assert page.redirect_chain[-1][0].startswith("/accounts/login/")

    def test_is_closed_to_members(self, owner: Member, client: Client) -> None:
        client.force_login(owner.user)
        assert client.get("/admin/accounts/user/", follow=True).status_code == 403

    def test_asks_for_a_second_factor_outside_the_demo(self, staff: User, client: Client, settings: Settings) -> None:
        settings.DEMO = False
        client.force_login(staff)
        page = client.get("/admin/", follow=True)
        assert "/accounts/2fa/" in page.redirect_chain[-1][0] or "/reauthenticate/" in page.redirect_chain[-1][0]
        Authenticator.objects.create(user=staff, type="totp", data={"secret": "x"})
        assert client.get("/admin/").status_code == 200

    def test_speaks_both_languages(self, desk: Client) -> None:
        desk.cookies["django_language"] = "zh-hans"
        assert "管理" in desk.get("/admin/").content.decode()


class TestWhatStaffMayDo:
    def test_changes_an_account_only_with_a_reason(self, desk: Client, owner: Member, staff: User) -> None:
        path = f"/admin/accounts/account/{owner.account_id}/change/"
        given = {"name": "Other", "time_zone": "Asia/Tokyo", "suspended_at_0": "", "suspended_at_1": ""}
        desk.post(path, given)
        assert Account.objects.get(pk=owner.account_id).name == "Li"
        desk.post(path, given | {"reason": "asked by phone"})
        assert Account.objects.get(pk=owner.account_id).name == "Other"
        event = AuditEvent.objects.get(verb="staff.change.account")
        assert (event.actor, event.reason) == (staff, "asked by phone")

    def test_never_edits_a_published_text(self, desk: Client) -> None:
        text = LegalText.objects.first()
        assert text
        page = desk.post(f"/admin/accounts/legaltext/{text.pk}/change/", {"body": "other", "reason": "x"})
        assert page.status_code == 403

    def test_never_sees_a_digest(self, desk: Client, owner: Member) -> None:
        key, secret = api_keys.issue(owner, api_keys.Wish(label="x"), by=owner.user, now=NOW)
        page = desk.get(f"/admin/accounts/apikey/{key.pk}/change/").content.decode()
        assert "digest" not in page.lower()
        assert secret not in page

    def test_revokes_keys_by_the_same_verb(self, desk: Client, owner: Member) -> None:
        key, _secret = api_keys.issue(owner, api_keys.Wish(label="x"), by=owner.user, now=NOW)
        chosen = {"action": "revoke", "_selected_action": [key.pk]}
        desk.post("/admin/accounts/apikey/", chosen)
        assert not AuditEvent.objects.filter(verb="api_key.revoke").exists()
        desk.post("/admin/accounts/apikey/", chosen | {"reason": "leaked"})
        assert AuditEvent.objects.get(verb="api_key.revoke").reason == "leaked"

    def test_looks_nowhere_by_way_of_the_query(self, desk: Client) -> None:
        page = desk.get("/admin/accounts/member/?user__password__startswith=a")
        assert page.status_code in {302, 400}

    def test_leaves_groups_to_superusers(self, client: Client, settings: Settings) -> None:
        settings.DEMO = True
        clerk = User.objects.create_user("clerk@example.com")
        User.objects.filter(pk=clerk.pk).update(is_staff=True)
        clerk.user_permissions.add(*Permission.objects.filter(content_type__model="group"))
        client.force_login(User.objects.get(pk=clerk.pk))
        assert client.get("/admin/auth/group/").status_code == 200
        assert client.get("/admin/auth/group/add/").status_code == 403

    def test_keeps_departments_within_their_account(self, desk: Client, owner: Member, stranger: Member) -> None:
        other = Department.objects.create(account=stranger.account, name="Sales", created_at=NOW)
        given = {"name": "Li", "role": "owner", "department": other.pk, "reason": "x"}
        page = desk.post(f"/admin/accounts/member/{owner.pk}/change/", given)
        assert "belongs to another account" in page.content.decode()

    def test_gives_no_powers_without_being_superuser(self, client: Client, settings: Settings) -> None:
        settings.DEMO = True
        clerk = User.objects.create_user("clerk@example.com")
        User.objects.filter(pk=clerk.pk).update(is_staff=True)
        clerk.user_permissions.add(Permission.objects.get(codename="change_user"))
        client.force_login(User.objects.get(pk=clerk.pk))
        given = {"is_superuser": "on", "is_active": "on", "reason": "x"}
        client.post(f"/admin/accounts/user/{clerk.pk}/change/", given)
        assert not User.objects.get(pk=clerk.pk).is_superuser


class TestTheBrand:
    def save(self, desk: Client, **given: object) -> object:
        return desk.post("/admin/portal/brand/add/", {"site_name": "Water & Words", "reason": "we opened", **given})

    def test_is_shown_on_every_page(self, desk: Client) -> None:
        self.save(desk, legal_entity="Words Ltd.", icp_filing="ICP 1", algorithm_filing="AF 2", accent="#00707A")
        page = desk.get("/legal/terms/").content.decode()
        assert "Water &amp; Words" in page
        assert "Words Ltd." in page
        assert "<span>ICP 1 · AF 2</span>" in page
        assert "#00707a" in desk.get("/brand.css").content.decode()
        assert AuditEvent.objects.get(verb="staff.add.brand").reason == "we opened"

    def test_refuses_colors_that_nobody_can_read(self, desk: Client) -> None:
        for accent in ("#ffff00", "red", "#00707a;}", "url(x)"):
            self.save(desk, accent=accent)
        assert not Brand.objects.exists()

    def test_takes_a_picture_by_what_it_holds(self, desk: Client) -> None:
        svg = SimpleUploadedFile("logo.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", content_type="image/png")
        self.save(desk, logo=svg)
        assert not Brand.objects.exists()
        self.save(desk, logo=SimpleUploadedFile("logo.txt", PNG))
        answer = desk.get("/brand/logo")
        assert (answer["Content-Type"], answer.content) == ("image/png", PNG)
        assert 'src="/brand/logo?v=' in desk.get("/legal/terms/").content.decode()
