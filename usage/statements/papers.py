"""What stands on a monthly bill, in the reader's language; the page and the PDF show the same, to the last figure."""

from collections.abc import Iterator, Mapping, Sequence

from django.conf import settings
from django.utils.translation import get_language, gettext

from plans import sellers
from plans.models import Invoice, Lot
from portal.kit import figures
from portal.kit.papers import Block, Line, Paper, Side
from portal.kit.units import MICROCREDITS_PER_CREDIT
from usage.statements.bills import A_DAY, DEPARTMENT, MODEL, MOST_PARTS, PERSON, PROJECT, SCENARIO, Bill, Share
from usage.statements.sentences import sentences

COLORS = 6
MOST_DIGITS = 9
"""A meter with more would not fit a phone; then it counts thousands."""
THOUSAND = 1000


def paper_of(bill: Bill) -> Paper:
    """This will write out the bill; its lines add up to the microcredit and to the smallest coin."""
    days = [figures.day(each) for each in (bill.month, bill.period.active_to.date() - A_DAY)]
    digits, label = _reading(bill)
    return Paper(
        language=get_language() or settings.LANGUAGE_CODE,
        issuer=sellers.current().name,
        title=gettext("Bill for {month}").format(month=figures.month(bill.month)),
        aside=" – ".join(days),
        written_at=bill.period.active_to,
        pages=gettext("Page {page} of {pages}"),
        sentences=sentences(bill),
        sides=[Side(gettext("Account"), bill.account.name)],
        reading=digits,
        reading_label=label,
        blocks=[_paid(bill), *_shares(bill), _credits(bill)],
        notes=_notes(bill),
    )


def _reading(bill: Bill) -> tuple[str, str]:
    whole = bill.reading // MICROCREDITS_PER_CREDIT
    if len(str(whole)) <= MOST_DIGITS:
        return figures.digits(whole), gettext("this month's reading, in credits")
    return figures.digits(whole // THOUSAND), gettext("this month's reading, in thousands of credits")


def _paid(bill: Bill) -> Block:
    lines = [_of_paper(paper, zone=bill.account.time_zone) for paper in bill.papers]
    sums = [
        Line(gettext("Paid, tax included"), figures.money(minor, currency), is_sum=True)
        for currency, minor in sorted(bill.paid.items())
    ]
    nothing = Line(gettext("Paid, tax included"), figures.money(0, settings.CURRENCY), is_sum=True)
    return Block([*lines, *(sums or [nothing])], gettext("What was paid"))


def _of_paper(paper: Invoice, *, zone: str) -> Line:
    minor = -paper.total_minor if paper.is_credit_note else paper.total_minor
    words = gettext("Given back: {name}").format(name=paper.label) if paper.is_credit_note else paper.label
    note = f"{figures.day_short(paper.issued_at, zone)} · {paper.number}"
    return Line(words, figures.money(minor, paper.currency), note=note)


def _shares(bill: Bill) -> Iterator[Block]:
    headings = {
        PERSON: gettext("Who used it"),
        DEPARTMENT: gettext("By department"),
        PROJECT: gettext("By project"),
        SCENARIO: gettext("What it was for"),
        MODEL: gettext("By model"),
    }
    for dimension, shares in bill.shares.items():
        is_said = any(share.key is not None for share in shares)
        if is_said:
            yield Block(_lines(dimension, shares, bill=bill), headings[dimension])


def _lines(dimension: str, shares: Sequence[Share], *, bill: Bill) -> list[Line]:
    none = _without()[dimension]
    shown, rest = shares[:MOST_PARTS], shares[MOST_PARTS:]
    lines = [
        Line(
            share.name or none,
            figures.credits_exact(share.charged),
            note=_calls(share.calls),
            color=place if dimension == PERSON and place <= COLORS else 0,
        )
        for place, share in enumerate(shown, 1)
    ]
    if rest:
        others = sum(share.charged for share in rest)
        calls = sum(share.calls for share in rest)
        lines.append(Line(gettext("All others"), figures.credits_exact(others), note=_calls(calls)))
    return [*lines, Line(gettext("Together"), figures.credits_exact(bill.reading), is_sum=True)]


def _without() -> Mapping[str, str]:
    return {
        PERSON: "",
        DEPARTMENT: gettext("In no department"),
        PROJECT: gettext("In no project"),
        SCENARIO: gettext("Without a scenario"),
        MODEL: "",
    }


def _calls(number: int) -> str:
    return gettext("calls: {number}").format(number=figures.count(number))


def _credits(bill: Bill) -> Block:
    books = bill.books
    sources = {each.value: each.label for each in Lot.Source}
    moved = [
        (gettext("Owed at the beginning"), -books.opening_debt),
        *((gettext("Came in: {source}").format(source=sources[key]), each) for key, each in books.granted.items()),
        (gettext("Used"), -books.used),
        (gettext("Lapsed"), -books.lapsed),
        (gettext("Paid back"), -books.refunded),
        (gettext("Taken back"), -books.revoked),
        (gettext("Owed at the end"), books.closing_debt),
    ]
    lines = [
        Line(gettext("Left at the beginning"), figures.credits_exact(books.opening)),
        *(Line(label, figures.credits_exact(amount)) for label, amount in moved if amount),
        Line(_closing(bill), figures.credits_exact(books.closing), is_sum=True),
    ]
    return Block(lines, gettext("Your credits"), _across(bill))


def _closing(bill: Bill) -> str:
    return gettext("Left now") if bill.is_running else gettext("Left at the end")


def _across(bill: Bill) -> str:
    """Why the books and the reading differ, where they do."""
    if not bill.across:
        return ""
    said = gettext("Calls over midnight, on one month's reading and in another month's credits: {credits}.")
    return said.format(credits=figures.credits_exact(bill.across))


def _notes(bill: Bill) -> list[str]:
    notes = []
    if bill.books.rolled:
        rolled = figures.credits_exact(bill.books.rolled)
        notes.append(gettext("{credits} credits rolled over from one lot into the next.").format(credits=rolled))
    if bill.is_running:
        notes.append(gettext("The month is still running; these are the figures up to now."))
    if bill.has_calls:
        notes.append(gettext("Each call has its receipt, so that every line can be checked."))
    else:
        notes.append(gettext("The calls of this month are no longer kept one by one; their totals are."))
    return notes
