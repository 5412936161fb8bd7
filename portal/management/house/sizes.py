"""Small is the method: how long a file, a function and a list of arguments may be, and how a module opens."""

import ast
from collections.abc import Iterator

from portal.management.house.source import Finding, Source

FILE_LINES = 300
FUNCTION_LINES = 60
ARGUMENTS = 6

Function = ast.FunctionDef | ast.AsyncFunctionDef


def file_length(source: Source) -> Iterator[Finding]:
    """This will find a file that is too long."""
    if len(source.lines) > FILE_LINES and not source.is_migration:
        yield Finding(source.path, FILE_LINES, f"{len(source.lines)} lines; {FILE_LINES} are the wall")


def function_length(source: Source) -> Iterator[Finding]:
    """This will find functions that are too long."""
    for function in _functions(source):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > FUNCTION_LINES:
            yield from source.find(function.lineno, f"{function.name} has {length} lines of {FUNCTION_LINES}")


def argument_count(source: Source) -> Iterator[Finding]:
    """This will find functions that ask for too much; `self` and `cls` do not count."""
    for function in _functions(source):
        given = function.args
        named = [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
        count = len([name for name in named if name not in {"self", "cls"}])
        if count > ARGUMENTS:
            yield from source.find(function.lineno, f"{function.name} takes {count} arguments of {ARGUMENTS}")


def opening_sentence(source: Source) -> Iterator[Finding]:
    """This will find a module that does not open with one sentence about what the room is for."""
    if source.is_migration or not source.tree.body:
        return
    opening = (ast.get_docstring(source.tree) or "").split("\n\n")[0].strip()
    if not opening.endswith((".", "?", "!")):
        yield Finding(source.path, 1, "open with one sentence: what is this room for?")


def _functions(source: Source) -> Iterator[Function]:
    if not source.is_migration:
        yield from (node for node in ast.walk(source.tree) if isinstance(node, Function))
