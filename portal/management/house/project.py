"""Goes through the whole project and asks every rule about what it knows."""

import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from django.apps import apps
from django.template import TemplateSyntaxError, engines
from django.urls import URLPattern, URLResolver, get_resolver

from portal.management.house import (
    code,
    migrations,
    repository,
    sizes,
    styles,
    templates,
    translations,
    words,
)
from portal.management.house.source import Finding, Rule, Source

OUR_APPS = {"accounts", "models_catalog", "plans", "portal", "usage"}
MACHINE_PATHS = ("v1/",)
"""Addresses that protocols of others name."""

RULES: dict[str, tuple[Rule, ...]] = {
    ".py": (
        sizes.file_length,
        sizes.function_length,
        sizes.argument_count,
        sizes.opening_sentence,
        code.unsafe_names,
        code.hidden_clocks,
        code.glued_sql,
        code.followed_redirects,
        code.saved_money,
        code.ledger_writes,
        code.floats_in_money,
        repository.foreign_hosts,
    ),
    ".html": (
        sizes.file_length,
        templates.unsafe_filters,
        templates.inline_code,
        templates.untranslated_text,
        repository.foreign_hosts,
    ),
    ".txt": (templates.untranslated_text, repository.foreign_hosts),  # plain text has nothing to escape
    ".css": (
        sizes.file_length,
        styles.loose_colors,
        styles.shouting,
        repository.foreign_license,
        repository.foreign_hosts,
    ),
    ".js": (sizes.file_length, repository.foreign_license, repository.foreign_hosts),
    ".sql": (sizes.file_length, repository.foreign_hosts),
}
OTHERS: tuple[Rule, ...] = (repository.foreign_hosts,)
BINARY = {".png", ".jpg", ".webp", ".ico", ".mo", ".pdf"}
UNREAD = {"LICENSE", "requirements.lock", "requirements-dev.lock"}
"""The license names its own address; lock files are written by uv."""


def findings(top: Path) -> list[Finding]:
    """This will return everything in the repository at `top` that breaks a rule, in order."""
    paths = tracked(top)
    found = [*repository.top_level(paths), *repository.foreign_files(paths)]
    for path in paths:
        if path not in UNREAD and Path(path).suffix not in BINARY:
            found += about(Source(path, (top / path).read_text(encoding="utf-8")))
    for whole in (_broken_templates, _words, _migrations, _translations):
        found += whole(top)
    return sorted(set(found))


def about(source: Source) -> Iterator[Finding]:
    """This will ask the rules that fit the kind of the file."""
    for rule in RULES.get(Path(source.path).suffix, OTHERS):
        yield from rule(source)


def tracked(top: Path) -> list[str]:
    """This will return the files that git knows or would add, as paths from `top`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    answer = subprocess.run(command, cwd=top, capture_output=True, check=True)  # noqa: S603 - a fixed command
    return sorted(path for path in answer.stdout.decode().split("\0") if path and (top / path).is_file())


def addresses(patterns: Iterable[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """This will list address, name and module of every view below `patterns`."""
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, path)
        else:
            yield path, pattern.name or "", pattern.callback.__module__


def _broken_templates(top: Path) -> Iterator[Finding]:
    for path in sorted((top / "templates").rglob("*")):
        if path.suffix in {".html", ".txt"}:
            try:
                engines["django"].from_string(path.read_text(encoding="utf-8"))
            except TemplateSyntaxError as error:
                yield Finding(str(path.relative_to(top)), 1, f"does not compile: {error}")


def _words(_top: Path) -> Iterator[Finding]:
    for model in apps.get_models():
        if model._meta.app_label in OUR_APPS:
            yield from words.given_away(f"{model.__module__}", [model.__name__, model._meta.db_table])
    for path, name, module in addresses(get_resolver().url_patterns):
        if module.split(".")[0] in OUR_APPS and not path.startswith(MACHINE_PATHS):
            yield from words.given_away(module, [path, name])


def _migrations(_top: Path) -> Iterator[Finding]:
    ours = migrations.on_disk(OUR_APPS)
    yield from migrations.missing(OUR_APPS)
    rules: tuple[Callable[..., Iterator[Finding]], ...] = (
        migrations.unnamed,
        migrations.branching,
        migrations.irreversible,
    )
    for rule in rules:
        yield from rule(ours)


def _translations(top: Path) -> Iterator[Finding]:
    yield from translations.stale(top / "portal" / "locale")
    yield from translations.unspoken(top / "portal" / "locale")
