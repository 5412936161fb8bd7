"""Each rule of the house finds what was planted for it, and leaves good work alone."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from django.db.migrations import Migration, RunPython, RunSQL
from django.db.migrations.operations.base import Operation

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

FOREIGN = "https:" + "//cdn.somewhere.net/x.js"
LONG_FUNCTION = "def long():\n" + "    pass\n" * 60

PLANTED: list[tuple[Rule, str, str]] = [
    (sizes.file_length, "usage/calls.py", "x = 1\n" * 301),
    (sizes.function_length, "usage/calls.py", LONG_FUNCTION),
    (sizes.argument_count, "usage/calls.py", "def f(self, a, b, c, d, *, e, f, g): ..."),
    (sizes.argument_count, "usage/calls.py", "async def f(a, b, c, /, d, e, f, g): ..."),
    (sizes.opening_sentence, "usage/calls.py", "x = 1"),
    (sizes.opening_sentence, "usage/calls.py", '"""No full stop"""'),
    (code.unsafe_names, "usage/views.py", "x = mark_safe('<b>')"),
    (
        code.unsafe_names,
        "usage/views.py",
        "from django.utils import safestring\nx = safestring.mark_safe('<b>')",
    ),
    (code.unsafe_names, "usage/views.py", "@csrf_exempt\ndef door(request): ..."),
    (code.hidden_clocks, "plans/orders.py", "from datetime import datetime\nx = datetime.now()"),
    (code.hidden_clocks, "plans/orders.py", "import datetime\nx = datetime.date.today()"),
    (code.hidden_clocks, "plans/orders.py", "from django.utils import timezone\nx = timezone.now()"),
    (code.hidden_clocks, "plans/models/order.py", "field = DateTimeField(default=timezone.now)"),
    (code.glued_sql, "usage/reports.py", "cursor.execute(f'SELECT {name}')"),
    (code.glued_sql, "usage/reports.py", "await database.fetch('SELECT ' + name)"),
    (code.glued_sql, "usage/reports.py", "Call.objects.raw('SELECT %s' % name)"),
    (code.glued_sql, "usage/reports.py", "RawSQL('SELECT {}'.format(name), [])"),
    (code.followed_redirects, "portal/kit/egress.py", "httpx.AsyncClient(follow_redirects=True)"),
    (code.saved_money, "plans/orders.py", "order.save(update_fields=['state'])"),
    (code.ledger_writes, "usage/calls.py", "Lot.objects.filter(pk=1).update(available=0)"),
    (code.ledger_writes, "plans/orders.py", "ledger.Journal.objects.create()"),
    (code.floats_in_money, "models_catalog/pricing.py", "def cost(rate: float): ..."),
    (code.floats_in_money, "plans/orders.py", "price = total / 2"),
    (code.floats_in_money, "plans/models/order.py", "price = models.FloatField()"),
    (code.floats_in_money, "portal/kit/units.py", "SHARE = 0.3"),
    (templates.unsafe_filters, "templates/a.html", "{{ text|safe }}"),
    (templates.unsafe_filters, "templates/a.html", "{% autoescape off %}{% endautoescape %}"),
    (templates.inline_code, "templates/a.html", '<p style="color: red"></p>'),
    (templates.inline_code, "templates/a.html", "<style>p {}</style>"),
    (templates.inline_code, "templates/a.html", "<script>alert(1)</script>"),
    (templates.inline_code, "templates/a.html", '<button onclick="go()"></button>'),
    (templates.inline_code, "templates/a.html", '<a href="javascript:go()"></a>'),
    (templates.untranslated_text, "templates/a.html", "<p>Buy now</p>"),
    (templates.untranslated_text, "templates/a.html", "<p>{{ price }} 元</p>"),
    (templates.untranslated_text, "templates/a.html", '<input placeholder="Your name">'),
    (templates.untranslated_text, "templates/a.html", '{% include "x.html" with label="Buy now" %}'),
    (styles.loose_colors, "static/css/pages.css", "p { color: #fff; }"),
    (styles.loose_colors, "static/css/pages.css", "p { border: 1px solid red; }"),
    (styles.loose_colors, "static/css/pages.css", "p { background: oklch(50% 0 0); }"),
    (styles.shouting, "static/css/pages.css", "p { margin: 0 !important; }"),
    (styles.shouting, "static/css/pages.css", "#menu { margin: 0; }"),
    (repository.foreign_license, "static/js/a.js", "/*! Some library, MIT */"),
    (repository.foreign_license, "static/js/a.js", "// Copyright (c) Somebody"),
    (repository.foreign_hosts, "templates/a.html", f'<script src="{FOREIGN}"></script>'),
    (repository.foreign_hosts, "plans/orders.py", f"x = 'https://{'api.stripe.com'}'"),
    (repository.foreign_hosts, "portal/kit/merchants.py", f"x = '{FOREIGN}'"),
    (repository.foreign_hosts, "static/css/a.css", f"@import url({FOREIGN});"),
]

INNOCENT: list[tuple[Rule, str, str]] = [
    (sizes.file_length, "usage/migrations/0001_initial.py", "x = 1\n" * 301),
    (sizes.opening_sentence, "usage/calls.py", '"""Holds the life of a call."""\nx = 1'),
    (sizes.opening_sentence, "usage/__init__.py", ""),
    (sizes.argument_count, "usage/calls.py", "def f(self, a, b, c, d, e, f): ..."),
    (code.hidden_clocks, "portal/kit/clock.py", "x = datetime.now()"),
    (code.hidden_clocks, "usage/calls.py", "started = time.monotonic()"),
    (code.hidden_clocks, "usage/calls.py", "x = datetime.now()  # house: wall time of a lock file"),
    (code.glued_sql, "usage/reports.py", "cursor.execute('SELECT %s', [name])"),
    (
        code.glued_sql,
        "usage/reports.py",
        "cursor.execute(sql.SQL('SET ROLE {}').format(sql.Identifier(role)))",
    ),
    (code.saved_money, "accounts/members.py", "member.save()"),
    (code.unsafe_names, "usage/views.py", "x = mark_safe(clean)  # noqa: S308 - sanitized a line above"),
    (code.floats_in_money, "plans/offerings.py", "SHELF = Path(__file__).parent / 'shelf.json'"),
    (templates.untranslated_text, "templates/a.html", "{% block width %}narrow{% endblock %}<dt>curl</dt>"),
    (
        templates.untranslated_text,
        "templates/a.html",
        "<{% if a %}a href='x'{% else %}b{% endif %} class='x'>",
    ),
    (styles.loose_colors, "static/css/pages.css", "p { mask: linear-gradient(#000, #0000); }"),
    (code.ledger_writes, "plans/ledger/grants.py", "Lot.objects.create()"),
    (code.ledger_writes, "usage/views.py", "Lot.objects.filter(pk=1).count()"),
    (
        code.floats_in_money,
        "plans/ledger/claims.py",
        "LEASE_SECONDS = 20.0\ndef claim(*, lease_seconds: float): ...",
    ),
    (code.floats_in_money, "usage/reports.py", "share = used / granted"),
    (
        templates.inline_code,
        "templates/a.html",
        '<script type="module" src="{% static \'a.js\' %}"></script>',
    ),
    (templates.untranslated_text, "templates/a.html", '<p>{% translate "Buy now" %}</p>'),
    (
        templates.untranslated_text,
        "templates/a.html",
        "<p>{% blocktranslate trimmed %}Buy now{% endblocktranslate %}</p>",
    ),
    (templates.untranslated_text, "templates/a.html", "<pre>curl -H</pre><p>× 12</p>"),
    (templates.untranslated_text, "templates/a.html", "{% comment %}Takes label.{% endcomment %}"),
    (templates.untranslated_text, "templates/a.html", '{% include "x.html" with label=_("Buy now") %}'),
    (templates.untranslated_text, "templates/a.html", '<button lang="zh-Hans">中文</button>'),
    (styles.loose_colors, "static/css/tokens.css", ":root { --ink: #111; }"),
    (styles.loose_colors, "static/css/pages.css", "p { color: var(--ink-red); border-color: currentColor; }"),
    (styles.shouting, "static/css/pages.css", "a:hover { color: var(--ink); } /* #never { } */"),
    (repository.foreign_hosts, "portal/demo.py", "x = 'http://127.0.0.1:8000 https://example.com/'"),
    (repository.foreign_hosts, "portal/kit/merchants.py", f"x = 'https://{'api.stripe.com'}'"),
    (repository.foreign_hosts, "templates/a.html", '<svg xmlns="http://www.w3.org/2000/svg">'),
]


def _name(case: object) -> str | None:
    return getattr(case, "__name__", None)


class TestRules:
    @pytest.mark.parametrize(("rule", "path", "text"), PLANTED, ids=_name)
    def test_finds_what_was_planted(self, rule: Rule, path: str, text: str) -> None:
        assert list(rule(Source(path, text)))

    @pytest.mark.parametrize(("rule", "path", "text"), INNOCENT, ids=_name)
    def test_leaves_good_work_alone(self, rule: Rule, path: str, text: str) -> None:
        assert list(rule(Source(path, text))) == []

    def test_names_the_line(self) -> None:
        source = Source("templates/a.html", "<p>\n{% comment %}\n{% endcomment %}\n</p>\n<p>\nBuy now</p>")
        assert [finding.line for finding in templates.untranslated_text(source)] == [6]


class TestRepository:
    def test_knows_its_top_level(self) -> None:
        found = list(repository.top_level(["manage.py", "utils/a.py", "portal/x.py", ".env"]))
        assert [finding.path for finding in found] == [".env", "utils"]

    def test_refuses_files_of_others(self) -> None:
        others = ["static/htmx.min.js", "static/inter.woff2", "package-lock.json", "uv.lock"]
        found = list(repository.foreign_files([*others, "static/js/start.js"]))
        assert {finding.path for finding in found} == set(others)


class TestWords:
    @pytest.mark.parametrize("name", ["CustomerAccount", "plans_tokens", "/organizations/<int:pk>/", "request-log"])
    def test_finds_words_that_mean_something_else(self, name: str) -> None:
        assert list(words.given_away("usage.models", [name]))

    @pytest.mark.parametrize("name", ["ApiKey", "ChatRequest", "rate_limits", "input_tokens", "catalog", "Posting"])
    def test_leaves_the_words_of_the_house_alone(self, name: str) -> None:
        assert list(words.given_away("usage.models", [name])) == []


class TestMigrations:
    @pytest.mark.parametrize("name", ["0002_auto_20260101_1200", "initial", "0003_Lot"])
    def test_asks_for_a_name(self, name: str) -> None:
        assert _found(migrations.unnamed, Migration(name, "plans"))

    def test_refuses_two_lines(self) -> None:
        first = _migration("0002_a", after=["0001_initial"])
        second = _migration("0002_b", after=["0001_initial"])
        assert _found(migrations.branching, first, second)

    def test_refuses_a_merge(self) -> None:
        assert _found(migrations.branching, _migration("0003_merge", after=["0002_a", "0002_b"]))

    def test_refuses_a_step_without_its_way_back(self) -> None:
        one_way = _migration("0002_a", steps=[RunSQL("SELECT 1")])
        back = [RunSQL("SELECT 1", RunSQL.noop), RunPython(_nothing, RunPython.noop)]
        found = _found(migrations.irreversible, one_way, _migration("0003_b", steps=back))
        assert [finding.path for finding in found] == ["plans/migrations/0002_a.py"]


class TestTranslations:
    def test_asks_for_the_compiled_file(self, tmp_path: Path) -> None:
        _catalog(tmp_path, 'msgid "Buy"\nmsgstr "购买"\n')
        assert list(translations.stale(tmp_path))

    def test_asks_for_every_sentence(self, tmp_path: Path) -> None:
        _catalog(tmp_path, 'msgid "Buy"\nmsgstr ""\n')
        assert list(translations.unspoken(tmp_path))

    def test_asks_for_the_same_blanks(self, tmp_path: Path) -> None:
        _catalog(tmp_path, 'msgid "Pay %(price)s"\nmsgstr "支付 %(prize)s"\n')
        assert list(translations.unspoken(tmp_path))


def _found(rule: Callable[[Iterable[Migration]], Iterable[Finding]], *given: Migration) -> list[Finding]:
    return list(rule(given))


def _migration(name: str, *, after: Sequence[str] = (), steps: Sequence[Operation] = ()) -> Migration:
    body = {"dependencies": [("plans", parent) for parent in after], "operations": list(steps)}
    made: Migration = type("Migration", (Migration,), body)(name, "plans")
    return made


def _nothing(*_given: object) -> None: ...


def _catalog(folder: Path, entries: str) -> None:
    path = folder / "zh_Hans" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    path.write_text(header + entries, encoding="utf-8")
