"""The tree of departments as it will stand: by folded names, from each to the one that it is part of."""

from collections.abc import Iterator, Mapping

from accounts.callers import DEEPEST_NESTING
from plans.bulk import mistakes
from plans.bulk.mistakes import Mistake, at
from plans.bulk.sheet import Sheet, fold
from plans.bulk.stock import Stock

Tree = Mapping[str, str]
"""The folded name of the parent by the folded name of the department; "" stands at the top."""


def grow(stock: Stock, sheet: Sheet) -> Tree:
    """This will return the tree after the file."""
    standing = {key: stock.name_of(each.parent_id) for key, each in stock.departments.items()}
    return standing | {fold(row.name): fold(row.parent) for row in sheet.of_kind("department") if row.name}


def lineage(tree: Tree, leaf: str) -> list[str]:
    """This will return the departments from `leaf` to the root; in a circle each of them once."""
    found: list[str] = []
    node = leaf
    while node in tree and node not in found:
        found.append(node)
        node = tree[node]
    return found


def check(tree: Tree, sheet: Sheet) -> Iterator[Mistake]:
    """This will find parents that are not there, circles, and what stands too deep, be it in the file or below it."""
    rows = {fold(row.name): row for row in sheet.of_kind("department") if row.name}
    for key, row in rows.items():
        if row.parent and fold(row.parent) not in tree:
            yield at(row.line, mistakes.UNKNOWN_DEPARTMENT, name=row.parent)
        elif key in lineage(tree, fold(row.parent)):
            yield at(row.line, mistakes.CIRCLE, name=row.name)
    deep = (lineage(tree, key) for key in tree)
    moved = (
        next((rows[node] for node in above if node in rows), None) for above in deep if len(above) > DEEPEST_NESTING
    )
    for row in dict.fromkeys(each for each in moved if each):
        yield at(row.line, mistakes.TOO_DEEP, name=row.name, deepest=DEEPEST_NESTING)
