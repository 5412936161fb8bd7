"""`manage.py import_models`, and files that are not what they should be."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent
from models_catalog import importing
from models_catalog.importing import BadSeed
from models_catalog.importing.seed_files import decode
from models_catalog.models import VendorPrice
from tests.models_catalog.small_seed import Edit, bring, bytes_of, priced, rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_yuan")]


class TestBadFile:
    """A file that is not what it should be."""

    @pytest.mark.parametrize(
        ("edit", "place", "problem"),
        [
            (lambda whole: whole["models"][0].update(price=1), "$.models[0] (dipper-2)", "unknown field `price`"),
            (lambda whole: whole.update(people=[]), "$", "unknown field `people`"),
            (lambda whole: whole["models"][1].pop("name"), "$.models[1] (wren)", "required field `name`"),
            (lambda whole: whole["models"][1].update(vendor="nobody"), "$.models[1].vendor (wren)", "'nobody'"),
            (lambda whole: whole["models"].append(whole["models"][0]), "$.models (dipper-2)", "twice"),
            (lambda whole: whole["vendors"].append(whole["vendors"][0]), "$.vendors (brook)", "twice"),
            (lambda whole: whole["models"][1].update(slug="a b"), "$.models[1].slug (a b)", "regex"),
            (lambda whole: whole["vendors"][0].update(country="China"), "$.vendors[0].country (brook)", "regex"),
            (lambda whole: whole["models"][1].update(tokenizer="abacus"), "tokenizer (wren)", "'abacus'"),
            (lambda whole: whole["models"][0]["capabilities"].update(value=["sings"]), "(dipper-2)", "'sings'"),
            (lambda whole: whole["models"][0]["context_tokens"].update(value=0), "(dipper-2)", ">= 1"),
            (lambda whole: whole["models"][0]["context_tokens"].update(value="many"), "(dipper-2)", "`str`"),
            (lambda whole: whole["models"][0]["context_tokens"].pop("source"), "(dipper-2)", "`source`"),
            (lambda whole: whole["models"][0]["max_output_tokens"].update(value=999_999), "(dipper-2)", "longer"),
            (lambda whole: whole["models"][0]["list_price"]["rates"].update(smell="1"), "(dipper-2)", "'smell'"),
            (lambda whole: whole["exchange_rates"][0].update(rate="0"), "$.exchange_rates", "no rate"),
            (lambda whole: whole["exchange_rates"][0].update(rate="NaN"), "$.exchange_rates", "no rate"),
        ],
    )
    def test_names_the_place_and_changes_nothing(self, edit: Edit, place: str, problem: str) -> None:
        with pytest.raises(BadSeed) as refused:
            bring(edit)
        assert place in str(refused.value)
        assert problem in str(refused.value)
        assert rows() == [[], [], []]

    @pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"models": [1]}'])
    def test_that_is_no_such_file_is_refused(self, raw: bytes) -> None:
        with pytest.raises(BadSeed):
            decode(raw)

    def test_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadSeed) as refused:
            importing.read(tmp_path / "none.json")
        assert "none.json" in str(refused.value)

    def test_accepts_no_slug_that_it_does_not_know(self) -> None:
        with pytest.raises(BadSeed) as refused:
            bring(accepted=("dipper-3",))
        assert "dipper-3" in str(refused.value)
        assert rows() == [[], [], []]


class TestCommand:
    """`manage.py import_models`."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "some.json"
        path.write_bytes(bytes_of())
        return path

    def run(self, path: Path, *more: str) -> list[str]:
        out = StringIO()
        call_command("import_models", "--file", str(path), *more, stdout=out)
        return out.getvalue().splitlines()

    def test_run_dry_tells_all_and_changes_nothing(self, path: Path) -> None:
        said = self.run(path, "--dry-run")
        assert rows() == [[], [], []]
        assert not AuditEvent.objects.exists()
        assert said == [
            "vendor brook: new, Brook",
            "dipper-2: new, Dipper 2 (brook)",
            "wren: new, Wren (brook)",
            "dipper-2: list price: nothing → in_fresh 0.27, out_text 1.1 USD",
            "1 vendors new, 2 models new, 0 fields changed, 1 list prices noted, 0 kept, 0 held back.",
            "Dry run: nothing was changed.",
        ]
        assert self.run(path) == said[:-1]

    def test_run_dry_tells_old_and_new(self, path: Path) -> None:
        self.run(path)
        before = rows()
        path.write_bytes(bytes_of(lambda whole: whole["models"][0].update(family="", name="Dipper II")))
        assert self.run(path, "--dry-run")[0] == "dipper-2: name: Dipper 2 → Dipper II"
        assert rows() == before

    def test_writes_down_why(self, path: Path) -> None:
        self.run(path, "--reason", "The list of November")
        event = AuditEvent.objects.get(verb="models.import")
        assert (event.subject, event.reason) == ("some.json", "The list of November")
        assert event.details["models_new"] == 2

    def test_says_how_to_accept_what_is_held_back(self, path: Path) -> None:
        path.write_bytes(bytes_of(priced(in_fresh="0")))
        assert "--accept SLUG" in self.run(path)[-1]
        self.run(path, "--accept", "dipper-2")
        assert VendorPrice.objects.get().in_fresh == 0

    def test_of_a_bad_file_fails_with_its_place(self, path: Path) -> None:
        path.write_bytes(bytes_of(lambda whole: whole["models"][1].update(vendor="nobody")))
        with pytest.raises(CommandError, match=r"models\[1\]\.vendor \(wren\).*Nothing was changed"):
            self.run(path)
        assert rows() == [[], [], []]
