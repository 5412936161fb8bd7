"""What our Python never does: unsafe HTML, unguarded forms, hidden clocks, glued SQL, floats for money."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch

from portal.management.house.source import Finding, Source

MONEY_MODULES = (
    "portal/kit/units.py",
    "models_catalog/pricing.py",
    "models_catalog/models/price.py",
    "plans/models/*.py",
    "plans/ledger/*.py",
    "plans/offerings.py",
    "plans/orders.py",
    "plans/payments.py",
    "usage/metering.py",
)
LEDGER_MODELS = {"Wallet", "Lot", "Hold", "HoldLot", "Journal", "Posting"}
WRITES = {"create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("timezone", "now"),
}
SQL_RUNNERS = {"execute", "executemany", "fetch", "raw", "RawSQL"}
UNSAFE_NAMES = {
    "mark_safe": "mark_safe trusts a text for ever; build with format_html or sanitize with nh3",
    "csrf_exempt": "a form without its guard; a machine's door belongs to the API",
}


def unsafe_names(source: Source) -> Iterator[Finding]:
    """This will find names that switch a guard off."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name | ast.Attribute) and _last_name(node) in UNSAFE_NAMES:
            yield from source.find(node.lineno, UNSAFE_NAMES[_last_name(node)])


def hidden_clocks(source: Source) -> Iterator[Finding]:
    """This will find clocks read outside `portal.kit.clock`; the moment is passed in as `now=`.

    The sandbox plays companies of others, which have clocks of their own; so does a migration.
    """
    if source.is_test or source.is_migration:
        return
    if source.path.startswith(("portal/kit/clock.py", "portal/sandbox/")):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and (_last_name(node.value), node.attr) in CLOCKS:
            yield from source.find(node.lineno, f"{node.attr}() hides a clock; take now= from portal.kit.clock")


def glued_sql(source: Source) -> Iterator[Finding]:
    """This will find SQL that is put together from values instead of parameters."""
    if source.is_test:
        return
    for call in _calls(source):
        if _last_name(call.func) in SQL_RUNNERS and call.args and _is_glued(call.args[0]):
            yield from source.find(call.lineno, "SQL glued from values; pass parameters or use psycopg.sql")


def followed_redirects(source: Source) -> Iterator[Finding]:
    """This will find clients that let a stranger choose where a request goes."""
    for call in _calls(source):
        for keyword in call.keywords:
            followed = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
            if keyword.arg == "follow_redirects" and followed and not source.is_test:
                yield from source.find(call.lineno, "follow_redirects=True lets an upstream choose the address")


def saved_money(source: Source) -> Iterator[Finding]:
    """This will find `.save()` in plans, where the condition belongs inside the write."""
    if not source.path.startswith("plans/") or source.is_migration:
        return
    for call in _calls(source):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "save":
            yield from source.find(call.lineno, ".save() writes what was read before; use filter(...).update(...)")


def ledger_writes(source: Source) -> Iterator[Finding]:
    """This will find writes to the ledger's tables that do not go through `plans.ledger`."""
    if source.path.startswith("plans/ledger/") or source.is_migration or source.is_test:
        return
    for call in _calls(source):
        if isinstance(call.func, ast.Attribute) and call.func.attr in WRITES:
            model = _manager_of(call.func.value)
            if model in LEDGER_MODELS:
                yield from source.find(call.lineno, f"{model} is written by plans.ledger alone")


def floats_in_money(source: Source) -> Iterator[Finding]:
    """This will find floats where money or credits are counted; what is named `..._seconds` may be one."""
    if not any(fnmatch(source.path, pattern) for pattern in MONEY_MODULES):
        return
    seconds = {id(part) for node in ast.walk(source.tree) if _names_seconds(node) for part in ast.walk(node)}
    for node in ast.walk(source.tree):
        if id(node) not in seconds and _is_float(node):
            yield from source.find(getattr(node, "lineno", 1), "a float among money; whole numbers, named rounding")


def _names_seconds(node: ast.AST) -> bool:
    match node:
        case ast.arg(arg=name) | ast.keyword(arg=str(name)):
            return name.lower().endswith("seconds")
        case ast.AnnAssign(target=target) | ast.Assign(targets=[target]):
            return _last_name(target).lower().endswith("seconds")
        case _:
            return False


def _is_float(node: ast.AST) -> bool:
    match node:
        case ast.Name(id="float" | "FloatField") | ast.Attribute(attr="FloatField"):
            return True
        case ast.BinOp(op=ast.Div(), right=ast.Constant(value=str())):
            return False  # a path
        case ast.Constant(value=float()) | ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            return True
        case _:
            return False


def _is_glued(node: ast.expr) -> bool:
    match node:
        case ast.JoinedStr(values=values):
            return any(isinstance(value, ast.FormattedValue) for value in values)
        case ast.BinOp(op=ast.Mod() | ast.Add(), left=left, right=right):
            return not (isinstance(left, ast.Constant) and isinstance(right, ast.Constant))
        case ast.Call(func=ast.Attribute(attr="format", value=ast.Constant())):
            return True
        case _:
            return False


def _manager_of(node: ast.expr) -> str:
    """This will return the model at the root of `Model.objects.filter(...)...`, or nothing."""
    while isinstance(node, ast.Call | ast.Attribute):
        if isinstance(node, ast.Attribute) and node.attr == "objects":
            return _last_name(node.value)
        node = node.func if isinstance(node, ast.Call) else node.value
    return ""


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _calls(source: Source) -> Iterator[ast.Call]:
    yield from (node for node in ast.walk(source.tree) if isinstance(node, ast.Call))
