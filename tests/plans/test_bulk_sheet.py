"""Reading a file: its bytes, its columns and its cells, and what is said of each mistake."""

import pytest

from plans import bulk
from plans.bulk.sheet import guard, unguard
from tests.plans.files import file_of, row


def wrong(text: str) -> list[tuple[int, str]]:
    """What reading alone finds."""
    return [(mistake.line, str(mistake)) for mistake in bulk.read(text).mistakes]


class TestDecode:
    TEXT = file_of(row("department", name="销售部"))

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
    def test_takes_what_people_save(self, encoding: str) -> None:
        assert bulk.read(bulk.decode(self.TEXT.encode(encoding))).rows[0].name == "销售部"

    @pytest.mark.parametrize("raw", [b"PK\x03\x04\0\0", "kind".encode("utf-16"), b"\xff\xff\xff"])
    def test_refuses_what_is_no_text(self, raw: bytes) -> None:
        with pytest.raises(bulk.NotText):
            bulk.decode(raw)

    def test_refuses_more_than_a_file_may_hold(self) -> None:
        with pytest.raises(bulk.FileTooLarge):
            bulk.decode(b"x" * (bulk.LARGEST_FILE_BYTES + 1))


class TestRead:
    def test_takes_semicolons_quotes_and_columns_in_any_order(self) -> None:
        columns = sorted(bulk.COLUMNS)
        text = ";".join(columns) + '\r\n\r\nx@example.com;;member;0.25;"Li; ""Na"";";;;Adult;\r\n'
        cells = dict(zip(columns, ["x@example.com", "", "member", "0.25"], strict=False))
        assert cells["kind"] == "member"
        [found] = bulk.read(text).rows
        assert (found.line, found.name, found.role) == (3, 'Li; "Na";', "adult")
        assert (found.way, found.contact, found.monthly_microcredits) == ("email", "x@example.com", 250_000)

    def test_takes_phone_numbers_and_words_for_yes(self) -> None:
        text = file_of(
            row("member", contact="138 0013 8000"),
            row("member", contact="'+8613800138001"),
            row("project", name="A", monthly_credits=1, set_aside="是"),
            row("project", name="B", monthly_credits=1, set_aside="No"),
        )
        first, second, yes, no = bulk.read(text).rows
        assert [first.contact, second.contact] == ["+8613800138000", "+8613800138001"]
        assert (yes.is_slice, no.is_slice) == (True, False)

    @pytest.mark.parametrize(
        ("text", "line", "sentence"),
        [
            ("", 1, "The first line names the columns"),
            ("a,b\n1,2", 1, "The first line names the columns"),
            (file_of().replace("set_aside", "aside"), 1, "There is no column “aside”"),
            (file_of().replace(",set_aside", ""), 1, "The column “set_aside” is missing"),
            (file_of() + ",kind", 1, "stands there twice"),
            (file_of('department,"Sal', "x"), 2, "quotation marks"),
            (file_of('department,"Sal"es'), 2, "quotation marks"),
            (file_of(row("department", name="A"), row("team", name="B")), 3, "no kind “team”"),
            (file_of(row("department", name="A") + ",,x"), 2, "more cells than the first"),
            (file_of(row("department", name="A" * 101)), 2, "“name” is too long"),
            (file_of(row("department", name="A\x07")), 2, "“name” is too long or holds signs"),
            (file_of(row("department", name="A", contact="a@example.com")), 2, "“contact” says nothing"),
            (file_of(row("department", parent="A")), 2, "needs the column “name”"),
            (file_of(row("member", name="A")), 2, "needs the column “contact”"),
            (file_of(row("quota", department="A")), 2, "needs the column “monthly_credits”"),
            (file_of(row("quota", monthly_credits=1)), 2, "exactly one"),
            (file_of(row("quota", monthly_credits=1, department="A", project="B")), 2, "exactly one"),
            (file_of(row("project", name="A", monthly_credits=-5)), 2, "not negative"),
            (file_of(row("project", name="A", monthly_credits="ten")), 2, "“ten” is no number"),
            (file_of(row("project", name="A", monthly_credits="1e5")), 2, "“1e5” is no number"),
            (file_of(row("project", name="A", monthly_credits="１")), 2, "is no number"),
            (file_of(row("project", name="A", monthly_credits=10**11)), 2, "at most 10000000000"),
            (file_of(row("project", name="A", monthly_credits=1, set_aside="perhaps")), 2, "“perhaps” does not say"),
            (file_of(row("project", name="A", set_aside="yes")), 2, "Without credits nothing is set aside"),
            (file_of(row("member", contact="li@")), 2, "“li@” is no e-mail address"),
            (file_of(row("member", contact="123")), 2, "“123” is no e-mail address"),
            (file_of(*[row("project", name=str(n)) for n in range(bulk.MOST_ROWS + 1)]), 502, "at most 500 rows"),
        ],
    )
    def test_names_the_line_and_what_to_do(self, text: str, line: int, sentence: str) -> None:
        assert any(found[0] == line and sentence in found[1] for found in wrong(text)), wrong(text)

    @pytest.mark.parametrize("cell", ["=1+1", "+86", "-x", "@me", "'=1", "''+", "it's", "'quoted'", "＝1", "", " = 1"])
    def test_takes_back_what_was_guarded(self, cell: str) -> None:
        guarded = guard(cell)
        assert unguard(guarded) == cell
        assert not guarded.strip().startswith(("=", "+", "-", "@", "＝"))
