"""The shelf as a file: written, looked at, carried out."""

import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent
from plans import offerings
from plans.models import Offering, OfferingVersion
from tests.plans.cast import Household
from tests.plans.test_publishing import subscribe

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]

Changed = Callable[..., Path]


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    """A file of the shelf in which the terms of one offering are otherwise."""

    def write(slug: str, **terms: Any) -> Path:
        whole = json.loads(exported())
        entry = next(each for each in whole["offerings"] if each["slug"] == slug)
        entry["terms"] |= terms
        path = tmp_path / "offers.json"
        path.write_text(json.dumps(whole), encoding="utf-8")
        return path

    return write


def exported() -> str:
    written = io.StringIO()
    call_command("export_offers", stdout=written)
    return written.getvalue()


def imported(path: Path, **options: Any) -> str:
    said = io.StringIO()
    call_command("import_offers", str(path), stdout=said, **{"reason": "spring", **options})
    return said.getvalue()


class TestExporting:
    def test_writes_what_importing_finds_equal(self, tmp_path: Path) -> None:
        path = tmp_path / "offers.json"
        path.write_text(exported(), encoding="utf-8")
        versions = OfferingVersion.objects.count()
        assert imported(path) == "0 versions published.\n"
        assert OfferingVersion.objects.count() == versions

    def test_fills_an_empty_shelf_with_the_same(self, tmp_path: Path, now: datetime) -> None:
        before = exported()
        path = tmp_path / "offers.json"
        path.write_text(before.replace('"slug": "', '"slug": "other-').replace('_pack": "', '_pack": "other-'))
        imported(path)
        assert Offering.objects.count() == 2 * json.loads(before)["offerings"].__len__()
        assert offerings.current("other-business-bundle").items.count() == 2


class TestImporting:
    def test_tells_line_by_line_and_changes_nothing_in_a_dry_run(self, changed: Changed) -> None:
        said = imported(changed("starter", price_minor=890, seats=3), dry_run=True, reason="")
        assert "starter: price_minor 990 → 890\n" in said
        assert "starter: seats 2 → 3\n" in said
        assert said.endswith("1 versions published.\nDry run: nothing was changed.\n")
        assert offerings.current("starter").price_minor == 990
        assert not AuditEvent.objects.filter(verb="offers.import").exists()

    def test_publishes_only_what_differs_and_that_once(self, changed: Changed) -> None:
        path = changed("starter", price_minor=890)
        assert imported(path).endswith("1 versions published.\n")
        assert (offerings.current("starter").version, offerings.current("starter").price_minor) == (2, 890)
        assert imported(path) == "0 versions published.\n"
        assert set(OfferingVersion.objects.exclude(offering__slug="starter").values_list("version", flat=True)) == {1}
        assert AuditEvent.objects.filter(verb="offers.import", reason="spring").count() == 2

    def test_asks_why(self, changed: Changed) -> None:
        with pytest.raises(CommandError, match="Say why"):
            imported(changed("starter", price_minor=890), reason=" ")

    @pytest.mark.parametrize(
        ("terms", "words"),
        [
            ({"price_minor": "cheap"}, r"terms\.price_minor \(starter\): Expected `int`"),
            ({"prize": 1}, r"\(starter\): Object contains unknown field `prize`"),
            ({"valid_days": 3}, r"\(starter\)\.terms: say either"),
            ({"credits_a_unit": 5}, r"\(starter\)\.terms\.credits_a_unit: only points"),
            ({"model_patterns": ["nothing-*"]}, r"\(starter\): No published model"),
            ({"unit": "tokens"}, r"\(starter\): This may not say"),
        ],
    )
    def test_refuses_a_bad_file_with_the_place(self, changed: Changed, terms: dict[str, Any], words: str) -> None:
        path = changed("starter", **terms)
        whole = json.loads(path.read_text(encoding="utf-8"))
        whole["offerings"][0]["terms"]["priority"] = 7
        path.write_text(json.dumps(whole), encoding="utf-8")
        for options in ({}, {"dry_run": True}):
            with pytest.raises(CommandError, match=words):
                imported(path, **options)
        assert set(OfferingVersion.objects.values_list("version", flat=True)) == {1}

    def test_refuses_what_is_no_file_of_offers(self, tmp_path: Path) -> None:
        path = tmp_path / "offers.json"
        for content, words in (
            ("[", "JSON"),
            ("[]", "Expected `object`"),
            ('{"format": "x", "offerings": []}', "format"),
        ):
            path.write_text(content, encoding="utf-8")
            with pytest.raises(CommandError, match=words):
                imported(path)
        with pytest.raises(CommandError, match="No such file"):
            imported(tmp_path / "nowhere.json")

    def test_keeps_the_promise_of_thirty_days(self, changed: Changed, household: Household, now: datetime) -> None:
        subscribe(household, now)
        with pytest.raises(CommandError, match=r"\(starter\): 1 standing plans"):
            imported(changed("starter", price_minor=1090))

    def test_takes_offers_off_the_shelf_and_puts_them_back(self, changed: Changed) -> None:
        path = changed("starter")
        whole = json.loads(path.read_text(encoding="utf-8"))
        starter = next(each for each in whole["offerings"] if each["slug"] == "starter")
        for is_withdrawn in (True, False):
            starter["is_withdrawn"] = is_withdrawn
            path.write_text(json.dumps(whole), encoding="utf-8")
            assert f"is_withdrawn {not is_withdrawn} → {is_withdrawn}" in imported(path)
            assert (Offering.objects.get(slug="starter").withdrawn_at is not None) == is_withdrawn
