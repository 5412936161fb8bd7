"""Reads a file into rows: its bytes, its columns, its cells; nothing here asks the database."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts import names, phones
from accounts.models import Invitation, normal_email
from plans.bulk import mistakes
from plans.bulk.mistakes import Mistake, at
from plans.models.quota import LARGEST_LIMIT
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import MICROCREDITS_PER_CREDIT

COLUMNS = ("kind", "name", "parent", "contact", "role", "department", "project", "monthly_credits", "set_aside")
LARGEST_FILE_BYTES = 256 * 1024
MOST_ROWS = 500
LONGEST_CELL = 254
PLACES = 6
BYTE_ORDER_MARK = "\ufeff"
KINDS = ("department", "project", "member", "quota")
_QUOTA = {"monthly_credits", "set_aside"}
_COLUMNS_OF: Mapping[str, set[str]] = {
    "department": {"name", "parent"} | _QUOTA,
    "project": {"name"} | _QUOTA,
    "member": {"name", "contact", "role", "department"} | _QUOTA,
    "quota": {"contact", "department", "project"} | _QUOTA,
}
_NEEDED: Mapping[str, str] = {
    "department": "name",
    "project": "name",
    "member": "contact",
    "quota": "monthly_credits",
}
_SET_ASIDE: Mapping[str, bool | None] = {
    "": None,
    **dict.fromkeys(("yes", "y", "true", "1", "是"), True),
    **dict.fromkeys(("no", "n", "false", "0", "否"), False),
}
_NUMBER = re.compile(r"\d{1,18}(\.\d{1,6})?", re.ASCII)
_LOOKS_LIKE_FORMULA = re.compile(r"['\s]*[=+\-@＝＋－＠]")


class FileTooLarge(Refusal):
    """More than a file may hold."""

    code = "file_too_large"
    status = 413
    sentence = gettext_noop("The file is larger than {most} KB. Divide it into several files.")


class NotText(Refusal):
    """No text in an encoding that is read here."""

    code = "not_text"
    status = 422
    sentence = gettext_noop(
        "This is no CSV file in UTF-8 or GB18030. In Excel choose “Save as” and “CSV UTF-8”, then try again."
    )


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: what is named, as it was typed, without what surrounds it; `way` says how `contact` is reached."""

    line: int
    kind: str
    name: str
    parent: str
    way: str
    contact: str
    role: str
    department: str
    project: str
    monthly_microcredits: int | None
    is_slice: bool | None


@dataclass(frozen=True)
class Sheet:
    """The rows that could be read, and what is wrong with the others."""

    rows: tuple[Row, ...]
    mistakes: tuple[Mistake, ...]

    def of_kind(self, kind: str) -> tuple[Row, ...]:
        """This will return the rows of a kind."""
        return tuple(row for row in self.rows if row.kind == kind)


def decode(raw: bytes) -> str:
    """This will return the text of a file: UTF-8 with or without a mark, or GB18030 as Excel writes it in China.

    Raises `FileTooLarge` and `NotText`.
    """
    if len(raw) > LARGEST_FILE_BYTES:
        raise FileTooLarge(most=LARGEST_FILE_BYTES // 1024)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise NotText


def fold(name: str) -> str:
    """This will return what two spellings of one name have in common."""
    return " ".join(name.split()).casefold()


def guard(cell: str) -> str:
    """This will return a cell that no program takes for a formula; `unguard` takes the apostrophe away again."""
    return f"'{cell}" if _LOOKS_LIKE_FORMULA.match(cell) else cell


def unguard(cell: str) -> str:
    """This will return what `guard` was given."""
    return cell[1:] if cell.startswith("'") and _LOOKS_LIKE_FORMULA.match(cell) else cell


def read(text: str) -> Sheet:
    """This will read a file whose cells are divided by commas or semicolons, and name all that is wrong with it."""
    text = text.removeprefix(BYTE_ORDER_MARK)
    first = text.lstrip().partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    lines = _lines(text, delimiter=delimiter)
    header = next(lines, (1, []))
    if isinstance(header, Mistake):
        return Sheet((), (header,))
    columns = [cell.strip().lower() for cell in header[1]]
    if wrong := tuple(_of_header(header[0], columns)):
        return Sheet((), wrong)
    read_rows = [_row(line, columns, delimiter=delimiter) for line in lines]
    found = tuple(row for row, _ in read_rows if row)
    return Sheet(found, tuple(mistake for _, wrong_cells in read_rows for mistake in wrong_cells))


def _lines(text: str, *, delimiter: str) -> Iterator[tuple[int, list[str]] | Mistake]:
    """Each line that holds anything, with the number of its first line in the file; a broken one is the last."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins, count = 1, 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            yield at(begins, mistakes.BROKEN_LINE)
            return
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            count += 1
            if count > MOST_ROWS + 1:
                yield at(begins, mistakes.TOO_MANY_ROWS, most=MOST_ROWS)
                return
            yield begins, cells
        begins = reader.line_num + 1


def _of_header(line: int, columns: list[str]) -> Iterator[Mistake]:
    known = ", ".join(COLUMNS)
    if not set(columns) & set(COLUMNS):
        yield at(line, mistakes.NO_HEADER, columns=known)
        return
    for column in dict.fromkeys(columns):
        if column not in COLUMNS:
            yield at(line, mistakes.UNKNOWN_COLUMN, column=column, columns=known)
        elif columns.count(column) > 1:
            yield at(line, mistakes.DOUBLE_COLUMN, column=column)
    for column in COLUMNS:
        if column not in columns:
            yield at(line, mistakes.MISSING_COLUMN, column=column)


def _row(
    read_line: tuple[int, list[str]] | Mistake, columns: list[str], *, delimiter: str
) -> tuple[Row | None, list[Mistake]]:
    if isinstance(read_line, Mistake):
        return None, [read_line]
    line, typed = read_line
    cells = dict(zip(columns, (unguard(cell.strip()).strip() for cell in typed), strict=False))
    cells = {column: cells.get(column, "") for column in COLUMNS}
    found = [*_of_shape(line, typed, cells, delimiter=delimiter)]
    kind = cells["kind"].lower()
    if kind not in KINDS:
        return None, [*found, at(line, mistakes.UNKNOWN_KIND, kind=cells["kind"])]
    found += _of_kind(line, kind, cells)
    credits, wrong_credits = _credits(line, cells["monthly_credits"])
    way, contact, wrong_contact = _contact(line, cells["contact"])
    is_slice, wrong_slice = _slice(line, cells["set_aside"], has_credits=bool(cells["monthly_credits"]))
    row = Row(
        line=line,
        kind=kind,
        name=" ".join(cells["name"].split()),
        parent=cells["parent"],
        way=way,
        contact=contact,
        role="_".join(cells["role"].lower().split()),
        department=cells["department"],
        project=cells["project"],
        monthly_microcredits=credits,
        is_slice=is_slice,
    )
    return row, [*found, *wrong_credits, *wrong_contact, *wrong_slice]


def _of_shape(line: int, typed: list[str], cells: Mapping[str, str], *, delimiter: str) -> Iterator[Mistake]:
    if any(cell.strip() for cell in typed[len(COLUMNS) :]):
        yield at(line, mistakes.TOO_MANY_CELLS, delimiter=delimiter)
    for column, cell in cells.items():
        longest = names.LONGEST if column in {"name", "parent", "department", "project"} else LONGEST_CELL
        if len(cell) > longest or not " ".join(cell.split()).isprintable():
            yield at(line, mistakes.BAD_CELL, column=column)


def _of_kind(line: int, kind: str, cells: Mapping[str, str]) -> Iterator[Mistake]:
    for column, cell in cells.items():
        if cell and column != "kind" and column not in _COLUMNS_OF[kind]:
            yield at(line, mistakes.NOT_HERE, column=column, kind=kind)
    if not cells[_NEEDED[kind]]:
        yield at(line, mistakes.NEEDED, column=_NEEDED[kind], kind=kind)
    if kind == "quota" and sum(bool(cells[column]) for column in ("contact", "department", "project")) != 1:
        yield at(line, mistakes.ONE_NODE)


def _credits(line: int, typed: str) -> tuple[int | None, Iterable[Mistake]]:
    if not typed:
        return None, ()
    if _NUMBER.fullmatch(typed.removeprefix("-")) is None:
        return None, [at(line, mistakes.NO_NUMBER, typed=typed)]
    if typed.startswith("-"):
        return None, [at(line, mistakes.NEGATIVE)]
    whole, _, rest = typed.partition(".")
    microcredits = int(whole) * MICROCREDITS_PER_CREDIT + int(rest.ljust(PLACES, "0"))
    if microcredits > LARGEST_LIMIT:
        return None, [at(line, mistakes.TOO_MUCH, most=LARGEST_LIMIT // MICROCREDITS_PER_CREDIT)]
    return microcredits, ()


def _contact(line: int, typed: str) -> tuple[str, str, Iterable[Mistake]]:
    if not typed:
        return "", "", ()
    try:
        if "@" not in typed and "＠" not in typed:
            return Invitation.Way.PHONE, phones.normal(typed), ()
        address = normal_email(typed)
        validate_email(address)
    except (ValidationError, phones.BadNumber):
        return "", "", [at(line, mistakes.BAD_CONTACT, typed=typed)]
    return Invitation.Way.EMAIL, address, ()


def _slice(line: int, typed: str, *, has_credits: bool) -> tuple[bool | None, Iterable[Mistake]]:
    if typed.lower() not in _SET_ASIDE:
        return None, [at(line, mistakes.YES_OR_NO, typed=typed)]
    if typed and not has_credits:
        return None, [at(line, mistakes.NOTHING_TO_SET_ASIDE)]
    return _SET_ASIDE[typed.lower()], ()
