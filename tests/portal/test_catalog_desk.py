"""The catalog's tables in admin: the vendor register, data cards, publishing, routes and where names point."""

import csv
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import AuditEvent, User
from models_catalog import catalog
from models_catalog.models import Alias, ChatModel, Route, Upstream, Vendor
from portal.kit import clock
from tests.models_catalog.test_publishing import WHOLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalog_on_shelf")]
VENDORS = "/admin/models_catalog/vendor/"
MODELS = "/admin/models_catalog/chatmodel/"
ROUTES = "/admin/models_catalog/route/"


def listed(desk: Client, path: str) -> set[str]:
    """The rows that a list shows."""
    return {str(row) for row in desk.get(path).context["cl"].result_list}


def done(desk: Client, path: str, action: str, *rows: Any, reason: str = "asked to") -> str:
    """What an action on rows of a list says."""
    chosen = {"action": action, "_selected_action": [row.pk for row in rows], "reason": reason}
    return desk.post(path, chosen, follow=True).content.decode()


def model_form(model: ChatModel, **more: Any) -> dict[str, Any]:
    """The form of a model as its page would send it."""
    plain = ("slug", "name", "context_tokens", "max_output_tokens", "state", "data_region", "retention")
    given = {name: getattr(model, name) for name in plain} | {"vendor": model.vendor_id, "reason": "as agreed"}
    lines = dict.fromkeys(("route_set-TOTAL_FORMS", "route_set-INITIAL_FORMS"), 0)
    return given | lines | {"trains_on_data": "unknown"} | more


class TestVendors:
    def test_are_found_by_how_their_contract_stands(self, desk: Client) -> None:
        today = clock.now().date()
        Vendor.objects.update(contract="one", contract_ends_date=None)
        for slug, days in (("openai", 60), ("meta", 61), ("google", -1), ("zhipu", 0)):
            Vendor.objects.filter(slug=slug).update(contract_ends_date=today + timedelta(days=days))
        Vendor.objects.filter(slug="mistral").update(contract="")
        assert listed(desk, f"{VENDORS}?contract_is=soon") == {"OpenAI", "Zhipu AI"}
        assert listed(desk, f"{VENDORS}?contract_is=ended") == {"Google"}
        assert listed(desk, f"{VENDORS}?contract_is=none") == {"Mistral AI"}
        assert len(listed(desk, f"{VENDORS}?contract_is=else")) == Vendor.objects.count()
        page = desk.get(VENDORS).content.decode()
        assert "in 60 days" in page
        assert "ended" in page

    def test_are_found_by_risk(self, desk: Client) -> None:
        Vendor.objects.filter(slug="meta").update(risk="high")
        assert listed(desk, f"{VENDORS}?risk__exact=high") == {"Meta"}

    def test_are_taken_along_as_a_table_without_formulas(self, desk: Client) -> None:
        Vendor.objects.filter(slug="meta").update(contract="=1+1", contact="Ann, Bo", risk="high", note="-")
        chosen = {"action": "download", "_selected_action": list(Vendor.objects.values_list("pk", flat=True))}
        answer = desk.post(VENDORS, chosen)
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        rows = list(csv.DictReader(answer.content.decode("utf-8-sig").splitlines()))
        meta = next(row for row in rows if row["Name"] == "Meta")
        assert (meta["Contract"], meta["Contact"], meta["Risk"], meta["Note"]) == ("'=1+1", "Ann, Bo", "high", "'-")
        assert len(rows) == Vendor.objects.count()


class TestModels:
    def test_say_what_their_card_lacks(self, desk: Client) -> None:
        model = ChatModel.objects.get(slug="demo-fast")
        given = model_form(model, data_region="unknown", retention="unknown", context_tokens=0, max_output_tokens=0)
        page = desk.post(f"{MODELS}{model.pk}/change/", given).content.decode()
        assert page.count("A model that can be called says this on its data card.") == 9
        assert ChatModel.objects.get(slug="demo-fast").operated_by == "This portal"

    def test_are_found_by_their_card(self, desk: Client) -> None:
        ChatModel.objects.filter(slug="gpt-4o").update(**WHOLE)
        whole = listed(desk, f"{MODELS}?card=whole")
        assert {"GPT-4o", "Demo Fast"} <= whole
        assert whole | listed(desk, f"{MODELS}?card=open") == {model.name for model in ChatModel.objects.all()}
        assert whole & listed(desk, f"{MODELS}?card=open") == set()

    def test_are_published_on_their_page(self, desk: Client) -> None:
        ChatModel.objects.filter(slug="gpt-4o").update(published_at=None)
        model = ChatModel.objects.get(slug="gpt-4o")
        path = f"{MODELS}{model.pk}/change/"
        refused = desk.post(path, model_form(model, _publish="1"), follow=True).content.decode()
        assert "The data card of “GPT-4o” is not whole" in refused
        assert ChatModel.objects.get(pk=model.pk).published_at is None
        assert (
            "“GPT-4o” is published."
            in desk.post(path, model_form(model, _publish="1", **WHOLE), follow=True).content.decode()
        )
        event = AuditEvent.objects.get(verb="staff.publish.chatmodel")
        assert (event.subject, event.reason) == ("GPT-4o", "as agreed")
        assert ChatModel.objects.get(pk=model.pk).state == "available"
        withdrawn = desk.post(path, model_form(model, state="available", _withdraw="1", **WHOLE), follow=True)
        assert "“GPT-4o” is withdrawn." in withdrawn.content.decode()
        assert AuditEvent.objects.filter(verb="staff.withdraw.chatmodel").count() == 1

    def test_are_published_by_the_dozen_for_a_reason(self, desk: Client) -> None:
        whole, half = ChatModel.objects.get(slug="gpt-4o"), ChatModel.objects.get(slug="gpt-4.1")
        ChatModel.objects.filter(pk=whole.pk).update(**WHOLE)
        assert "Say why first" in done(desk, MODELS, "publish", whole, reason="")
        said = done(desk, MODELS, "publish", whole, half)
        assert "“GPT-4o” is published." in said
        assert "The data card of “GPT-4.1” is not whole" in said
        assert [event.subject for event in AuditEvent.objects.filter(verb="staff.publish.chatmodel")] == ["GPT-4o"]

    def test_stay_while_a_name_points_to_them(self, desk: Client) -> None:
        said = done(desk, MODELS, "withdraw", ChatModel.objects.get(slug="demo-fast"))
        assert "The alias “fast” points to “Demo Fast”" in said
        assert not AuditEvent.objects.filter(verb="staff.withdraw.chatmodel").exists()

    def test_show_what_was_imported_and_lead_on(self, desk: Client) -> None:
        model = ChatModel.objects.get(slug="demo-fast")
        imported = {"context_tokens": {"value": 32_768, "source": "a list", "date": "2026-11-01"}}
        ChatModel.objects.filter(pk=model.pk).update(imported=imported)
        page = desk.get(f"{MODELS}{model.pk}/change/").content.decode()
        assert "context_tokens</code>: 32768 (a list, 2026-11-01)" in page
        assert 'href="/models/demo-fast/"' in page
        prices = f"/admin/models_catalog/price/?chat_model__id__exact={model.pk}"
        assert prices in page
        assert len(listed(desk, prices)) == 1


class TestRoutes:
    def test_are_switched_for_a_reason(self, desk: Client) -> None:
        route = Route.objects.get(chat_model__slug="demo-fast")
        assert "Say why first" in done(desk, ROUTES, "disable", route, reason="")
        assert Route.objects.get(pk=route.pk).disabled_at is None
        assert "Routes changed: 1" in done(desk, ROUTES, "disable", route)
        catalog.forget()
        with pytest.raises(catalog.NotConnected):
            catalog.offer("fast")
        assert "Routes changed: 0" in done(desk, ROUTES, "disable", route)
        assert "Routes changed: 1" in done(desk, ROUTES, "enable", route)
        assert Route.objects.get(pk=route.pk).disabled_at is None
        verbs = AuditEvent.objects.filter(verb__endswith=".route").order_by("pk").values_list("verb", "reason")
        assert list(verbs) == [("staff.disable.route", "asked to"), ("staff.enable.route", "asked to")]


class TestAliases:
    def test_keep_where_they_pointed(self, desk: Client) -> None:
        alias, deep = Alias.objects.get(slug="fast"), ChatModel.objects.get(slug="demo-deep")
        path = f"/admin/models_catalog/alias/{alias.pk}/change/"
        given = {"slug": "fast", "name": "Fast", "position": 1, "chat_model": deep.pk, "reason": "a better one"}
        given |= {"versions-TOTAL_FORMS": 0, "versions-INITIAL_FORMS": 0}
        assert desk.post(path, given).status_code == 302
        versions = list(alias.versions.order_by("version").values_list("version", "chat_model__slug"))
        assert versions == [(1, "demo-fast"), (2, "demo-deep")]
        newest = alias.versions.get(version=2)
        assert newest.set_by is not None
        assert desk.post(path, given | {"name": "Quick"}).status_code == 302
        assert alias.versions.count() == 2
        page = desk.get(path).content.decode()
        assert "Demo Fast" in page
        assert "Demo Deep" in page


class TestUpstreams:
    def test_lead_to_the_page_that_connects(self, desk: Client) -> None:
        upstream = Upstream.objects.get(slug="sandbox")
        page = desk.get(f"/admin/models_catalog/upstream/{upstream.pk}/change/").content.decode()
        assert f"/admin/models_catalog/upstream/{upstream.pk}/connect/" in page


class TestTheLifeOfAModel:
    @pytest.fixture
    def model(self) -> ChatModel:
        return ChatModel.objects.get(slug="demo-fast")

    def sent(self, desk: Client, model: ChatModel, **more: Any) -> Any:
        whole = {name: getattr(model, name) for name in ("operated_by", "contract", "filing", "service_label")}
        given = model_form(model, **whole | {"trains_on_data": "false"} | more)
        answer = desk.post(f"{MODELS}{model.pk}/change/", given)
        model.refresh_from_db()
        return answer

    def test_ends_on_a_day_and_is_replaced(self, desk: Client, model: ChatModel) -> None:
        day, other = clock.now().date() + timedelta(days=40), ChatModel.objects.get(slug="demo-deep")
        assert self.sent(desk, model, retires_date=day, replacement=other.pk).status_code == 302
        assert (model.state, model.retires_date, model.replacement) == ("deprecated", day, other)
        event = AuditEvent.objects.get(verb="staff.change.chatmodel")
        assert {"retires_date", "replacement"} <= set(event.details["fields"])
        assert event.reason == "as agreed"

    def test_goes_on_once_the_day_is_emptied(self, desk: Client, model: ChatModel) -> None:
        self.sent(desk, model, retires_date=clock.now().date() + timedelta(days=40))
        assert self.sent(desk, model, retires_date="").status_code == 302
        assert (model.state, model.retires_date) == ("available", None)

    @pytest.mark.parametrize(
        "wrong", [{"days": 0}, {"days": 9, "by": "demo-fast"}, {"days": 9, "by": "gpt-4o"}, {"by": "demo-deep"}]
    )
    def test_is_not_ended_in_a_way_that_makes_no_sense(
        self, desk: Client, model: ChatModel, wrong: dict[str, Any]
    ) -> None:
        named = ChatModel.objects.filter(slug=wrong.get("by")).first()
        day = clock.now().date() + timedelta(days=wrong["days"]) if "days" in wrong else ""
        answer = self.sent(desk, model, retires_date=day, replacement=named.pk if named else "")
        assert answer.status_code == 200
        assert answer.context["adminform"].form.errors["retires_date"]
        assert (model.state, model.retires_date) == ("available", None)

    def test_is_a_preview_or_not_as_staff_say_but_nothing_else(self, desk: Client, model: ChatModel) -> None:
        assert self.sent(desk, model, state="preview").status_code == 302
        assert model.state == "preview"
        for state in ("retired", "announced", "deprecated"):
            assert self.sent(desk, model, state=state).status_code == 200
            assert model.state == "preview"

    def test_is_only_noted_of_a_model_that_is_announced(self, desk: Client) -> None:
        announced = ChatModel.objects.get(slug="gpt-4o")
        day = clock.now().date() + timedelta(days=9)
        for given, kept in ((day, day), ("", None)):
            assert self.sent(desk, announced, retires_date=given).status_code == 302
            assert (announced.state, announced.retires_date) == ("announced", kept)


class TestImport:
    """The page `import/` of the models: the reviewed file beside the catalog."""

    PATH = f"{MODELS}import/"

    def test_shows_what_it_would_do_and_does_it_with_a_reason(self, desk: Client) -> None:
        before = ChatModel.objects.count()
        page = desk.get(self.PATH).content.decode()
        assert "kimi-k2.6: new" in page
        assert ChatModel.objects.count() == before
        assert "Say why first" in desk.post(self.PATH, {}, follow=True).content.decode()
        assert ChatModel.objects.count() == before
        said = desk.post(self.PATH, {"reason": "The new lists"}, follow=True).content.decode()
        assert "Imported:" in said
        assert "all of it is here" in said
        event = AuditEvent.objects.get(verb="models.import")
        assert (event.subject, event.reason) == ("models.json", "The new lists")
        assert event.details["models_new"] == ChatModel.objects.count() - before > 100

    def test_is_for_staff_who_may_change_all_that_it_changes(self, client: Client) -> None:
        some = User.objects.create_superuser("some@example.com", password="a long pass phrase")
        User.objects.filter(pk=some.pk).update(is_superuser=False)
        some.user_permissions.set(Permission.objects.filter(codename__endswith="_chatmodel"))
        client.force_login(some)
        assert client.get(MODELS).status_code == 200
        assert client.get(self.PATH).status_code == 403
