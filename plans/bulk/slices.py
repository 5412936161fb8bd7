"""What will be set aside a month, counted as the ledger counts it: a slice inside of another one is part of it."""

from collections import Counter
from collections.abc import Iterator, Mapping

from plans.bulk import mistakes
from plans.bulk.mistakes import Mistake, at
from plans.bulk.sheet import Row, Sheet, fold
from plans.bulk.stock import Stock, id_of, node_of
from plans.bulk.trees import Tree, lineage
from plans.models import Quota
from portal.kit.units import Microcredits

Node = tuple[str, str]


def after(sheet: Sheet, stock: Stock) -> Mapping[Node, int]:
    """This will return the microcredits of each monthly slice after the file, by kind and folded name or address."""
    slices = {
        _named(stock, kind, node_id): quota.limit for (kind, node_id), quota in stock.quotas.items() if quota.is_slice
    }
    for row in sheet.rows:
        kind, key = node_of(row)
        if row.monthly_microcredits is None or not key:
            continue
        node_id = id_of(stock, kind, key)
        standing = stock.quota_of(kind, node_id) if node_id else None
        node = _named(stock, kind, node_id) if node_id else (kind, key)
        slices.pop(node, None)
        if is_slice(row, standing):
            slices[node] = row.monthly_microcredits
    return slices


def is_slice(row: Row, standing: Quota | None) -> bool:
    """This will tell whether the credits of a row are set aside; an empty cell leaves what stands."""
    return standing.is_slice if row.is_slice is None and standing else bool(row.is_slice)


def total(slices: Mapping[Node, int], above: Mapping[Node, Node | None]) -> Microcredits:
    """This will return what all of them keep together; `above` is the nearest slice that each stands in."""
    return Microcredits(sum(limit for node, limit in slices.items() if above[node] is None))


def nearest(slices: Mapping[Node, int], sheet: Sheet, stock: Stock, tree: Tree) -> Mapping[Node, Node | None]:
    """This will return the nearest department with a slice that each slice stands in; None where there is none."""
    homes = {_named(stock, Quota.Node.MEMBER, each.pk)[1]: each.department_id for each in stock.members.values()}
    living = {address: stock.name_of(department) for address, department in homes.items()}
    for row in sheet.of_kind("member"):
        if member := stock.members.get(row.contact):
            living[_named(stock, Quota.Node.MEMBER, member.pk)[1]] = fold(row.department)

    def roofs(node: Node) -> list[str]:
        kind, key = node
        if kind == Quota.Node.DEPARTMENT:
            return lineage(tree, tree.get(key, ""))
        return lineage(tree, living.get(key, "")) if kind == Quota.Node.MEMBER else []

    def first(node: Node) -> Node | None:
        above = ((Quota.Node.DEPARTMENT.value, roof) for roof in roofs(node))
        return next((roof for roof in above if roof in slices), None)

    return {node: first(node) for node in slices}


def check(
    slices: Mapping[Node, int], above: Mapping[Node, Node | None], *, pool: int, sheet: Sheet
) -> Iterator[Mistake]:
    """This will warn of more slices than there is to divide, in the account and in each department."""
    if total(slices, above) > pool:
        yield at(0, mistakes.BEYOND_POOL)
    inside: Counter[Node] = Counter()
    for node, roof in above.items():
        if roof is not None:
            inside[roof] += slices[node]
    lines = {node_of(row): row for row in sheet.rows if row.monthly_microcredits is not None}
    for roof, kept in inside.items():
        if kept > slices[roof]:
            row = lines.get(roof)
            shown = (row.department or row.name) if row else roof[1]
            yield at(row.line if row else 0, mistakes.BEYOND_PARENT, name=shown)


def _named(stock: Stock, kind: str, node_id: int) -> Node:
    """A person by the first address alone, however the file writes them."""
    if kind == Quota.Node.DEPARTMENT:
        return kind, stock.name_of(node_id)
    if kind == Quota.Node.MEMBER:
        return kind, stock.addresses.get(node_id, str(node_id))
    return kind, stock.project_names.get(node_id, str(node_id)) if kind == Quota.Node.PROJECT else str(node_id)
