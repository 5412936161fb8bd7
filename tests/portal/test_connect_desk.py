"""The page on which a vendor is connected, driven as staff do, against the scripted upstream over real HTTP."""

import logging
import re

import pytest
from django.test import Client

from accounts.models import AuditEvent
from models_catalog import catalog, probes
from models_catalog.models import ChatModel, CreditPrice, Price, Route, Upstream, Vendor, VendorPrice
from portal.kit import clock
from tests.models_catalog.test_connecting import called
from tests.portal.vendors import KEY, PAGE, SECOND, chosen, connected, scripted, typed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalog_on_shelf")]


class TestConnecting:
    def test_leads_from_a_key_to_a_call(self, desk: Client, vendor_url: str) -> None:
        assert "Connect a vendor" in desk.get("/admin/models_catalog/upstream/").content.decode()
        assert desk.get(PAGE).status_code == 200
        upstream, page = connected(desk, vendor_url)
        assert upstream.disabled_at is not None
        assert "answered in" in upstream.test_found
        shown = desk.get(page).content.decode()
        assert ("word1 word2" in shown, '<p class="strip green">' in shown) == (True, True)
        address, given = chosen(desk, upstream, page, "demo-instant", "demo-fast")
        new = next(found for found in upstream.found_models.all() if found.upstream_model == "demo-instant")
        facts = {"name": "Instant", "vendor": upstream.vendor_id, "context_tokens": 32_768, "max_output_tokens": 4096}
        given |= {f"m{new.pk}-{field}": value for field, value in facts.items()}
        answer = desk.post(address, given)
        assert answer.status_code == 302, answer.content.decode()
        done = desk.get(answer["Location"]).content.decode()
        assert "/models/demo-instant/" in done
        assert "chat/completions" in done
        catalog.forget()
        offer = catalog.offer("demo-instant")
        assert (offer.rates.in_fresh, offer.rates.cache_read, offer.rates.out_text) == (
            5 * 10**11,
            5 * 10**11,
            2 * 10**12,
        )
        assert called(offer) == "word1 word2"
        assert len(catalog.offer("demo-fast").routes) == 2

    def test_writes_down_each_deed_with_its_reason(self, desk: Client, vendor_url: str) -> None:
        upstream, page = connected(desk, vendor_url)
        address, given = chosen(desk, upstream, page, "demo-fast")
        desk.post(address, given)
        events = {event.verb: event for event in AuditEvent.objects.all()}
        assert set(events) == {"staff.connect.upstream", "staff.enable.upstream", "staff.publish.chatmodel"}
        assert (events["staff.connect.upstream"].reason, events["staff.connect.upstream"].details["address"]) == (
            "try",
            upstream.base_url,
        )
        assert events["staff.publish.chatmodel"].reason == "a new contract"
        rates = events["staff.publish.chatmodel"].details
        assert (rates["in_fresh"], rates["cache_read"], rates["out_image"]) == (5 * 10**11, 5 * 10**11, 2 * 10**12)
        again = {name: "keep" if name.endswith("-price") else value for name, value in given.items()}
        assert desk.post(address, again).status_code == 302
        assert AuditEvent.objects.filter(verb="staff.enable.upstream").count() == 1
        assert not [event for event in events.values() if KEY in f"{event.details} {event.subject} {event.reason}"]

    def test_shows_the_key_nowhere(self, desk: Client, vendor_url: str, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        upstream, page = connected(desk, vendor_url)
        seen = [desk.get(page), desk.get(page.replace("connect", "change"))]
        seen += [desk.post(page, typed(scripted(vendor_url, "fail=html"))), desk.post(PAGE, typed("nonsense"))]
        seen += [desk.post(page, typed(scripted(vendor_url, "key=other"), secret=SECOND))]
        for answer in seen:
            assert KEY not in answer.content.decode()
            assert SECOND not in answer.content.decode()
        assert KEY not in caplog.text
        assert KEY not in str(upstream.__dict__)

    def test_publishes_nothing_of_what_cannot_be(self, desk: Client, vendor_url: str) -> None:
        upstream, page = connected(desk, vendor_url)
        ChatModel.objects.create(
            slug="demo-instant",
            name="Instant",
            vendor=Vendor.objects.earliest("pk"),
            context_tokens=9,
            max_output_tokens=9,
        )
        address, given = chosen(desk, upstream, page, "demo-fast", "demo-instant")
        before = Price.objects.count()
        answer = desk.post(address, given | {"all-contract": ""})
        text = answer.content.decode()
        assert "Nothing was published" in text
        assert "The data card of “Instant” is not whole. Please fill in: contract." in text
        assert Price.objects.count() == before
        assert not Route.objects.filter(upstream=upstream).exists()
        assert Upstream.objects.get(pk=upstream.pk).disabled_at is not None

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"all-reason": ""}, "This field is required"),
            ({"factor_input": ""}, "Type a price"),
            ({"factor_output": "-1"}, "greater than or equal to 0"),
            ({"slug": "no such id"}, "Enter a valid value"),
            ({"slug": "unheard-of"}, "A model that is new here needs this"),
            ({"cost_input": "2.5"}, "A price of the upstream needs this"),
            ({"include": ""}, "Tick at least one model"),
            ({"price": "proposed"}, "Select a valid choice"),
        ],
    )
    def test_says_what_is_wrong_with_what_was_typed(
        self, desk: Client, vendor_url: str, wrong: dict[str, str], said: str
    ) -> None:
        upstream, page = connected(desk, vendor_url)
        address, given = chosen(desk, upstream, page, "demo-fast")
        row = upstream.found_models.get(upstream_model="demo-fast").pk
        given |= {name if name.startswith("all-") else f"m{row}-{name}": value for name, value in wrong.items()}
        answer = desk.post(address, given)
        assert (answer.status_code, said in answer.content.decode()) == (200, True)
        assert not Route.objects.filter(upstream=upstream).exists()

    def test_proposes_a_price_from_the_public_list(self, desk: Client, vendor_url: str) -> None:
        upstream, page = connected(desk, vendor_url)
        model, now = ChatModel.objects.get(slug="demo-fast"), clock.now()
        listed = {"currency": "CNY", "exchange_rate": 1, "source": "a list", "source_date": now.date()}
        VendorPrice.objects.create(
            chat_model=model, active_from=now, noted_at=now, in_fresh=990_000, out_text=1_980_000, **listed
        )
        # Good for other models: what is sold gets dearer only after 30 days' notice.
        offered = {
            "audience": "household",
            "name": "x",
            "name_zh": "x",
            "currency": "CNY",
            "model_patterns": ["other-*"],
        }
        CreditPrice.objects.create(slug="big", price_minor=990, microcredits=10**13, **offered)
        address, given = chosen(desk, upstream, page, "demo-fast")
        text = desk.get(f"{address}&margin=50").content.decode()
        for words in ("keep the present price", "as proposed", "input ×1.5, read from cache ×1.5, output ×3", "a list"):
            assert words in text
        row = upstream.found_models.get(upstream_model="demo-fast").pk
        [offered] = re.findall(rf'name="m{row}-shown" value="([^"]+)"', text)
        given |= {f"m{row}-price": "proposed", f"m{row}-shown": offered}
        CreditPrice.objects.update(price_minor=495)
        moved = desk.post(f"{address}&margin=50", given).content.decode()
        assert ("has changed meanwhile" in moved, "input ×3," in moved, offered in moved) == (True, True, False)
        assert not Route.objects.filter(upstream=upstream).exists()
        CreditPrice.objects.update(price_minor=990)
        assert desk.post(f"{address}&margin=50", given).status_code == 302
        price = Price.objects.in_force(now=clock.now()).get(chat_model=model)
        assert (price.in_fresh, price.out_reasoning) == (15 * 10**11, 3 * 10**12)

    def test_notes_what_the_upstream_charges(self, desk: Client, vendor_url: str) -> None:
        upstream, page = connected(desk, vendor_url)
        address, given = chosen(desk, upstream, page, "demo-fast")
        row = upstream.found_models.get(upstream_model="demo-fast").pk
        terms = {"currency": "USD", "exchange_rate": "7.2", "source": "contract 17", "source_date": "2026-11-01"}
        given |= {f"all-{name}": value for name, value in terms.items()} | {f"m{row}-cost_output": "0.000001"}
        assert desk.post(address, given).status_code == 302
        assert VendorPrice.objects.get(upstream=upstream).out_text == 1
        told = AuditEvent.objects.get(verb="staff.publish.chatmodel").details
        assert (told["cost"]["out_text"], told["cost"]["currency"], told["cost"]["source"]) == (1, "USD", "contract 17")

    @pytest.mark.parametrize(
        ("typed_so", "refused", "said"),
        [
            ({"factor_output": "900"}, "More than 20 times", {"is_sure": "on"}),
            ({"cost_input": "9"}, "below what the model costs us", {"accepts_loss": "A launch."}),
            ({"factor_input": "0", "factor_output": "0"}, "All rates are nothing", {"is_free": "on"}),
        ],
    )
    def test_publishes_an_unusual_price_once_it_is_said_to_be_meant(
        self, desk: Client, vendor_url: str, typed_so: dict[str, str], refused: str, said: dict[str, str]
    ) -> None:
        # Good for other models: what is sold gets dearer only after 30 days' notice.
        offered = {
            "audience": "household",
            "name": "x",
            "name_zh": "x",
            "currency": "CNY",
            "model_patterns": ["other-*"],
        }
        CreditPrice.objects.create(slug="big", price_minor=990, microcredits=10**13, **offered)
        upstream, page = connected(desk, vendor_url)
        address, given = chosen(desk, upstream, page, "demo-fast")
        row = upstream.found_models.get(upstream_model="demo-fast").pk
        terms = {"currency": "CNY", "exchange_rate": "1", "source": "contract 17", "source_date": "2026-11-01"}
        given |= {f"all-{name}": value for name, value in terms.items()}
        given |= {f"m{row}-{name}": value for name, value in typed_so.items()}
        shown = desk.post(address, given).content.decode()
        assert (refused in shown, "<details open><summary>An unusual price" in shown) == (True, True)
        answer = desk.post(address, given | {f"m{row}-{name}": value for name, value in said.items()})
        assert answer.status_code == 302, answer.content.decode()
        told = AuditEvent.objects.get(verb="staff.publish.chatmodel").details
        assert [bool(told[name]) for name in said] == [True]

    def test_names_the_choice_of_a_price(self, desk: Client, vendor_url: str) -> None:
        upstream, page = connected(desk, vendor_url)
        address, _ = chosen(desk, upstream, page, "demo-fast")
        assert 'role="radiogroup" aria-label="Price: demo-fast"' in desk.get(address).content.decode()


class TestTesting:
    @pytest.mark.parametrize(
        ("script", "said"),
        [
            ("key=another", "The key is not accepted"),
            ("fail=html", "not OpenAI-compatible"),
            ("fail=redirect", "not OpenAI-compatible"),
            ("fail=404", "nothing at this address"),
            ("fail=402", "account at the vendor is empty"),
            ("fail=429", "busy or broken"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_nothing(self, desk: Client, vendor_url: str, script: str, said: str) -> None:
        answer = desk.post(PAGE, typed(scripted(vendor_url, script)))
        text = answer.content.decode()
        assert said in text
        assert "type the key again" in text
        assert "SECRET-UPSTREAM-WORDS" not in text
        assert not Upstream.objects.filter(name="New vendor").exists()

    @pytest.mark.parametrize("fault", ["huge", "drip"])
    def test_waits_for_no_list_without_end(
        self, desk: Client, vendor_url: str, fault: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(probes, "WHOLE_SECONDS", 2.0)
        answer = desk.post(PAGE, typed(scripted(vendor_url, f"fail={fault}")))
        said = "not OpenAI-compatible" if fault == "huge" else "did not answer in time"
        assert said in answer.content.decode()

    @pytest.mark.parametrize(
        "address",
        [
            "https://169.254.169.254/latest",
            "http://100.100.100.200/v1",
            "ftp://x.example/",
            "nonsense",
            "https://no-such-host.invalid/v1",
            "http://127.0.0.1:9/v1?key=x",
        ],
    )
    def test_refuses_an_address(self, desk: Client, address: str) -> None:
        answer = desk.post(PAGE, typed(address, may_be_private="on"))
        assert answer.status_code == 200
        assert "errorlist" in answer.content.decode()
        assert not Upstream.objects.filter(name="New vendor").exists()

    def test_notes_what_became_of_one_that_is_kept(self, desk: Client, vendor_url: str) -> None:
        upstream, page = connected(desk, vendor_url)
        Upstream.objects.filter(pk=upstream.pk).update(base_url=scripted(vendor_url, "fail=500"), tested_at=None)
        moved = typed(scripted(vendor_url, "fail=500"), secret="")
        assert "busy or broken" in desk.post(page, moved).content.decode()
        upstream.refresh_from_db()
        assert "busy or broken" in upstream.test_found
        assert upstream.tested_at is not None
        shown = desk.get(page).content.decode()
        assert ('<p class="strip amber">' in shown, "strip green" in shown) == (True, False)

    def test_is_not_passed_before_a_model_has_answered(self, desk: Client, vendor_url: str) -> None:
        answer = desk.post(PAGE, typed(vendor_url, model_name="script:fail=500"))
        shown = desk.get(answer["Location"]).content.decode()
        assert "The test call to “script:fail=500” failed" in shown
        assert ('<p class="strip amber">' in shown, "strip green" in shown) == (True, False)
