"""The monthly bill: what an account used and paid, equal to the books and the same whenever it is asked for."""

from usage.statements.bills import Bill, NoSuchMonth, Share, months_of, of
from usage.statements.cheaper import Advice, cheaper
from usage.statements.itemized import lines
from usage.statements.papers import paper_of
from usage.statements.sentences import sentences

__all__ = [
    "Advice",
    "Bill",
    "NoSuchMonth",
    "Share",
    "cheaper",
    "lines",
    "months_of",
    "of",
    "paper_of",
    "sentences",
]
