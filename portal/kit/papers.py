"""Papers that people keep, an invoice or a bill: their lines, and the same as a PDF that never differs by a byte."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import fontpkg_inter
import pylopdf_fonts_zh_cn
import typst

TEMPLATE = Path(__file__).resolve().parent.parent.parent / "templates" / "papers" / "paper.typ"
FONTS = (Path(fontpkg_inter.__file__).parent / "files", Path(pylopdf_fonts_zh_cn.__file__).parent)


@dataclass(frozen=True)
class Line:
    """Words, leader dots, a figure; `color` from 1 to 6 is a dot before the words, `is_sum` the last under a rule."""

    label: str
    value: str
    note: str = ""
    color: int = 0
    is_sum: bool = False


@dataclass(frozen=True)
class Block:
    """Some lines below a heading, or without one."""

    lines: Sequence[Line]
    heading: str = ""
    note: str = ""


@dataclass(frozen=True)
class Side:
    """One of the two whom a paper is between: what it is, and all that is known of it, each on a line."""

    role: str
    name: str
    lines: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A paper as people read it: every figure is written out already, in `language` (en or zh-hans).

    `written_at` is what the file says of its own making, so that the same paper is the same file.
    """

    language: str
    issuer: str
    title: str
    aside: str
    written_at: datetime
    pages: str
    """How pages are numbered, with {page} and {pages} in it."""
    sentences: Sequence[str] = ()
    sides: Sequence[Side] = ()
    facts: Sequence[Line] = ()
    reading: str = ""
    """The digits of the meter."""
    reading_label: str = ""
    blocks: Sequence[Block] = ()
    notes: Sequence[str] = ()


def pdf(paper: Paper) -> bytes:
    """This will print the paper on A4, as PDF/A with its fonts inside.

    What people wrote goes in as data, never as text of the template, so nothing in it is read as markup.
    """
    day = [paper.written_at.year, paper.written_at.month, paper.written_at.day]
    return typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=_fonts(),
        sys_inputs={"paper": json.dumps(asdict(paper) | {"written_at": day}, ensure_ascii=False)},
        format="pdf",
        pdf_standards="a-3b",
        timestamp=int(paper.written_at.timestamp()),
    )


@cache
def _fonts() -> typst.Fonts:
    """Fonts of packages alone: a paper looks the same on every machine."""
    return typst.Fonts(include_system_fonts=False, font_paths=[str(folder) for folder in FONTS])
