"""What migrations keep: complete, linear, named, reversible."""

import re
from collections.abc import Iterable, Iterator

from django.apps import apps
from django.db.migrations import Migration, RunPython, RunSQL, SeparateDatabaseAndState
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from portal.management.house.source import Finding

NAME = re.compile(r"\d{4}_[a-z][a-z0-9_]*")


def missing(labels: set[str]) -> Iterator[Finding]:
    """This will find models that changed without a migration; no database is asked."""
    loader = MigrationLoader(None)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    for label in sorted(detector.changes(graph=loader.graph).keys() & labels):
        yield Finding(f"{label}/migrations", 1, "the models changed; run makemigrations with a name")


def on_disk(labels: set[str]) -> list[Migration]:
    """This will return the migrations of our apps."""
    loader = MigrationLoader(None)
    return [migration for key, migration in sorted(loader.disk_migrations.items()) if key[0] in labels]


def unnamed(migrations: Iterable[Migration]) -> Iterator[Finding]:
    """This will find migrations whose name says only when they were made."""
    for migration in migrations:
        if "_auto_" in migration.name or not NAME.fullmatch(migration.name):
            yield Finding(_path(migration), 1, "name what it does, not when it was made")


def branching(migrations: Iterable[Migration]) -> Iterator[Finding]:
    """This will find migrations that two others follow, or that follow two: each app has one line of them."""
    seen: dict[tuple[str, str], str] = {}
    for migration in migrations:
        parents = sorted({parent for parent in migration.dependencies if parent[0] == migration.app_label})
        if len(parents) > 1:
            yield Finding(_path(migration), 1, "follows two others; migrations are one line")
        for parent in parents:
            if parent in seen:
                yield Finding(_path(migration), 1, f"follows {parent[1]}, and so does {seen[parent]}")
            seen[parent] = migration.name


def irreversible(migrations: Iterable[Migration]) -> Iterator[Finding]:
    """This will find steps that cannot be taken back."""
    for migration in migrations:
        for operation in _flat(migration.operations):
            if isinstance(operation, RunPython | RunSQL) and not operation.reversible:
                yield Finding(_path(migration), 1, f"{type(operation).__name__} without its way back")


def _flat(operations: Iterable[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _flat(operation.database_operations)
        yield operation


def _path(migration: Migration) -> str:
    return f"{migration.app_label}/migrations/{migration.name}.py"
