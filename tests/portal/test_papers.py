"""Papers hold every word that they were given, as data and in fonts of their own, and never differ by a byte."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pypdf

from portal.kit import papers
from portal.kit.papers import Block, Line, Paper, Side

PAPER = Paper(
    language="zh-hans",
    issuer="词元科技 #sys.version",
    title="2026 年 11 月账单",
    aside="11月1日 – 30日",
    written_at=datetime(2026, 12, 1, tzinfo=UTC),
    pages="第 {page} 页，共 {pages} 页",
    sentences=["*没有* _任何_ $标记$ ]"],
    sides=[Side("购买方", '<b>林家</b> "])', ["税号 91350100M000100Y43"])],
    reading="014803",
    reading_label="本月读数",
    blocks=[Block([Line("月租", "¥29.90", note="11月3日"), Line("合计", "¥29.90", is_sum=True)], "付款")],
)


def words_of(paper: Paper) -> str:
    """Without spaces: readers of PDF see one between Chinese and Latin."""
    pages = pypdf.PdfReader(io.BytesIO(papers.pdf(paper))).pages
    return "".join("".join(page.extract_text() for page in pages).split())


class TestPdf:
    def test_holds_what_it_was_given_and_reads_none_of_it_as_markup(self) -> None:
        words = words_of(PAPER)
        for given in ("词元科技 #sys.version", "*没有* _任何_ $标记$ ]", '<b>林家</b> "])', "91350100M000100Y43"):
            assert given.replace(" ", "") in words
        for given in ("月租11月3日¥29.90", "合计¥29.90", "付款", "第1页，共1页", "014803"):
            assert given in words

    def test_is_the_same_file_every_time(self) -> None:
        assert papers.pdf(PAPER) == papers.pdf(replace(PAPER))

    def test_brings_its_fonts_and_numbers_its_pages(self) -> None:
        lines = [Line(f"第 {number} 笔", "¥1.00") for number in range(120)]
        reader = pypdf.PdfReader(io.BytesIO(papers.pdf(replace(PAPER, blocks=[Block(lines)]))))
        assert len(reader.pages) > 1
        assert f"第 2 页，共 {len(reader.pages)} 页" in reader.pages[1].extract_text()
        fonts = {str(font["/BaseFont"]) for page in reader.pages for font in _fonts(page)}
        assert any("NotoSansSC" in name for name in fonts)
        assert all("+" in name for name in fonts)  # each a subset that the file holds


def _fonts(page: pypdf.PageObject) -> list[dict[str, object]]:
    return [font.get_object() for font in page["/Resources"]["/Font"].values()]  # type: ignore[index]
