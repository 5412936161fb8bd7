"""Projects and scenarios: made, renamed and closed by their owner, read by who sees the whole account."""

from datetime import date
from typing import Any

import pytest

from accounts import callers, departments, names, projects, scenarios
from accounts.members import OwnersOnly
from accounts.models import ApiKey, AuditEvent, Guardianship, LegalText, Member, Project, Scenario
from plans import closing, quotas
from plans.models import Quota
from portal.kit import clock
from tests.accounts.people import NOW, Firm, client_of, found, join

pytestmark = pytest.mark.django_db


def key_of(member: Member, **bound: Any) -> ApiKey:
    return ApiKey.objects.create(account=member.account, member=member, digest=b"x", created_at=NOW, **bound)


def limited(owner: Member, *, scenario: Scenario) -> None:
    Guardianship.objects.create(
        member=join(owner, role="child", name="child"),
        born_in=date(2016, 5, 1),
        consented_at=NOW,
        consented_by=owner.user,
        consent_text=LegalText.objects.earliest("pk"),
        pin_digest="x",
        scenario_ids=[scenario.pk],
    )


class TestProjects:
    def test_are_made_renamed_and_closed_by_an_owner(self, firm: Firm) -> None:
        made = projects.make("Website", by=firm.owner, now=NOW)
        projects.rename(made, name="Web site", by=firm.owner, now=NOW)
        projects.close(made, by=firm.owner, now=NOW)
        made.refresh_from_db()
        assert (made.name, made.closed_at) == ("Web site", NOW)
        verbs = AuditEvent.objects.filter(verb__startswith="project.").values_list("verb", flat=True)
        assert set(verbs) == {"project.make", "project.rename", "project.close"}
        with pytest.raises(departments.AlreadyClosed):
            projects.rename(made, name="x", by=firm.owner, now=NOW)
        with pytest.raises(departments.AlreadyClosed):
            projects.close(made, by=firm.owner, now=NOW)

    @pytest.mark.parametrize("role", ["bill_payer", "auditor", "head", "clerk"])
    def test_refuse_everybody_else(self, firm: Firm, role: str) -> None:
        made = projects.make("Website", by=firm.owner, now=NOW)
        other = getattr(firm, role)
        with pytest.raises(OwnersOnly):
            projects.make("x", by=other, now=NOW)
        with pytest.raises(OwnersOnly):
            projects.rename(made, name="x", by=other, now=NOW)
        with pytest.raises(OwnersOnly):
            projects.close(made, by=other, now=NOW)

    def test_refuse_households_and_double_names(self, firm: Firm, owner: Member) -> None:
        with pytest.raises(departments.NotForHouseholds):
            projects.make("Garden", by=owner, now=NOW)
        projects.make("Website", by=firm.owner, now=NOW)
        with pytest.raises(names.NameTaken):
            projects.make("WEBSITE", by=firm.owner, now=NOW)

    def test_stay_open_while_keys_call_for_them(self, firm: Firm) -> None:
        made = projects.make("Website", by=firm.owner, now=NOW)
        key = key_of(firm.clerk, project=made)
        with pytest.raises(projects.ProjectInUse, match="project: 1"):
            projects.close(made, by=firm.owner, now=NOW)
        ApiKey.objects.filter(pk=key.pk).update(revoked_at=NOW, revoked_by=firm.owner.user)
        projects.close(made, by=firm.owner, now=NOW)

    def test_end_their_quotas_with_them(self, firm: Firm) -> None:
        now = clock.now()
        made = projects.make("Website", by=firm.owner, now=now)
        terms = quotas.Terms(window="month", limit=5, is_slice=True)
        quotas.put(firm.owner.account, node_kind="project", node_id=made.pk, terms=terms, by=None, now=now)
        closing.close_project(made, by=firm.owner, now=now)
        assert not Quota.objects.in_force().exists()

    def test_belong_to_the_account_that_made_them(self, firm: Firm) -> None:
        other = found("other@example.com", kind="business", name="Other")
        made = projects.make("Website", by=firm.owner, now=NOW)
        with pytest.raises(departments.AlreadyClosed):
            projects.close(made, by=other, now=NOW)
        assert Project.objects.in_use().filter(pk=made.pk).exists()

    @pytest.mark.parametrize(
        ("role", "status", "change"),
        [
            ("owner", 200, 302),
            ("bill_payer", 200, 403),
            ("auditor", 200, 403),
            ("head", 404, 404),
            ("clerk", 404, 404),
        ],
    )
    def test_have_pages_for_whom_they_concern(self, firm: Firm, role: str, status: int, change: int) -> None:
        made = projects.make("Website", by=firm.owner, now=NOW)
        client = client_of(getattr(firm, role))
        page = f"/people/projects/{made.pk}/"
        assert [client.get(path).status_code for path in ("/people/projects/", page)] == [status, status]
        assert client.post("/people/projects/", {"name": "App"}).status_code == change
        assert client.post(page, {"name": "Web"}).status_code == change
        assert client.post(f"{page}closing/").status_code == change
        assert (Project.objects.get(pk=made.pk).closed_at is not None) == (role == "owner")

    def test_are_closed_once_that_was_confirmed(self, firm: Firm) -> None:
        made = projects.make("Website", by=firm.owner, now=NOW)
        terms = quotas.Terms(window="month", limit=5)
        quotas.put(firm.owner.account, node_kind="project", node_id=made.pk, terms=terms, by=None, now=clock.now())
        client, path = client_of(firm.owner), f"/people/projects/{made.pk}/closing/"
        assert f'href="{path}"' in client.get(f"/people/projects/{made.pk}/").content.decode()
        page = client.get(path).content.decode()
        assert "Close the project “Website”?" in page
        assert "1 quota ends with it." in page
        assert Project.objects.get().closed_at is None
        assert client_of(firm.auditor).get(path).status_code == 403
        assert client.post(path, {"confirmed": "yes"}).status_code == 302
        assert client.get(path).status_code == 409

    def test_are_not_there_for_strangers_and_households(self, firm: Firm, owner: Member) -> None:
        made = projects.make("Website", by=firm.owner, now=NOW)
        stranger = client_of(found("other@example.com", kind="business", name="Other"))
        page = f"/people/projects/{made.pk}/"
        assert stranger.get(page).status_code == 404
        assert stranger.post(f"{page}closing/").status_code == 404
        assert client_of(owner).get("/people/projects/").status_code == 409
        assert client_of(firm.owner).post("/people/projects/", {"name": ""}).status_code == 422
        assert client_of(firm.owner).post(page, {"name": ""}).status_code == 422


class TestScenarios:
    def test_are_a_households_too(self, owner: Member) -> None:
        made = scenarios.make("Piano", by=owner, now=NOW)
        assert made in Scenario.objects.offered_to(owner.account_id)
        scenarios.rename(made, name="Violin", by=owner, now=NOW)
        scenarios.close(made, by=owner, now=NOW)
        assert made not in Scenario.objects.offered_to(owner.account_id)
        with pytest.raises(callers.UnknownScenario):
            callers.for_scenario(callers.of_member(owner), "Violin")

    def test_leave_those_of_everybody_as_they_are(self, owner: Member) -> None:
        common = Scenario.objects.filter(account=None).earliest("pk")
        with pytest.raises(departments.AlreadyClosed):
            scenarios.close(common, by=owner, now=NOW)
        with pytest.raises(departments.AlreadyClosed):
            scenarios.rename(common, name="Mine", by=owner, now=NOW)
        with pytest.raises(names.NameTaken):
            scenarios.make(common.name.upper(), by=owner, now=NOW)

    def test_stay_open_while_somebody_depends_on_them(self, owner: Member) -> None:
        made = scenarios.make("Piano", by=owner, now=NOW)
        limited(owner, scenario=made)
        key_of(owner, scenario=made)
        with pytest.raises(scenarios.ScenarioInUse, match="scenario: 1; children who are limited to it: 1"):
            scenarios.close(made, by=owner, now=NOW)

    def test_are_closed_once_that_was_confirmed(self, owner: Member) -> None:
        made = scenarios.make("Piano", by=owner, now=NOW)
        page = client_of(owner).get(f"/people/scenarios/{made.pk}/closing/").content.decode()
        assert "Close the scenario “Piano”?" in page
        assert made in Scenario.objects.in_use()

    @pytest.mark.parametrize(("role", "status", "change"), [("owner", 200, 302), ("adult", 404, 404)])
    def test_have_pages(self, owner: Member, adult: Member, role: str, status: int, change: int) -> None:
        made = scenarios.make("Piano", by=owner, now=NOW)
        client = client_of(owner if role == "owner" else adult)
        page = f"/people/scenarios/{made.pk}/"
        assert [client.get(path).status_code for path in ("/people/scenarios/", page)] == [status, status]
        assert client.post("/people/scenarios/", {"name": "Chess"}).status_code == change
        assert client.post(page, {"name": "Violin"}).status_code == change
        assert client.post(f"{page}closing/").status_code == change

    def test_are_read_by_an_auditor_and_hidden_from_strangers_and_heads(self, firm: Firm, owner: Member) -> None:
        made = scenarios.make("Contracts", by=firm.owner, now=NOW)
        page = f"/people/scenarios/{made.pk}/"
        expected = {firm.auditor: (200, 403), firm.bill_payer: (200, 403), firm.head: (404, 404), owner: (404, 404)}
        for who, (status, change) in expected.items():
            client = client_of(who)
            assert client.get(page).status_code == status
            assert client.post(f"{page}closing/").status_code == change
        text = client_of(firm.auditor).get("/people/scenarios/").content.decode()
        assert "Homework" in text
        assert "Make a scenario" not in text
