"""Django's migrate, and around it what no migration may hold: the role, the SQL functions and the grants."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from portal.management.owner import as_owner

FOLDERS = ("models_catalog/functions", "plans/ledger", "usage/calls")
"""Functions call down, so the lower floor's files are loaded first; within a folder by name."""

READ_ONLY = (
    "django_migrations",
    "portal_clock",
    "plans_wallet",
    "plans_lot",
    "plans_hold",
    "plans_holdlot",
    "plans_idempotencykey",
    "plans_journal",
    "plans_posting",
    "plans_quotawindow",
    "plans_childday",
    "plans_lotcheck",
    "plans_lotnotice",
    "plans_refund",
    "plans_dispute",
    "plans_adjustment",
    "plans_incoming",
    "plans_surplus",
    "plans_outgoing",
    "plans_cost",
    "usage_call",
    "usage_attempt",
    "usage_calllot",
    "usage_dailytotal",
    "usage_dropped",
    "usage_hourprofile",
    "usage_keptanswer",
    "usage_lateevidence",
)
"""What the application may read, and change only through the functions."""

INTERNAL = (
    "ledger_asked_before",
    "ledger_block",
    "ledger_capture",
    "ledger_child_refusal",
    "ledger_count_minutes",
    "ledger_do_adjustment",
    "ledger_earn_account",
    "ledger_is_quiet",
    "ledger_largest_slice",
    "ledger_move_funds",
    "ledger_open_journal",
    "ledger_open_window",
    "ledger_paid_and_kept",
    "ledger_remember_key",
    "ledger_post_fees",
    "ledger_set_aside",
    "ledger_tax_back",
    "ledger_wrong_adjustment",
    "make_partitions",
)
"""Functions that only other functions may call."""

# Two databases of one cluster may be migrated at once, which an advisory lock, being a database's own, does
# not prevent; so whoever comes second finds the role made.
ROLE = """
DO $$ BEGIN
  CREATE ROLE {role} NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$ BEGIN
  IF NOT pg_has_role(current_user, {name}, 'SET') THEN
    GRANT {role} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE;
  END IF;
END $$;
"""

OWN_VIEWS = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""

# Partitions are reached through their table alone, so they get no grants of their own.
GRANTS = """
DO $$
DECLARE v_item record;
BEGIN
  EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO {role}', current_database());
  GRANT USAGE ON SCHEMA public TO {role};
  GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
  FOR v_item IN
    SELECT c.oid::regclass AS name, c.relkind = 'v' OR c.relname = ANY ({read_only}) AS read_only
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
  LOOP
    EXECUTE format('REVOKE ALL ON %s FROM {role}', v_item.name);
    EXECUTE format('GRANT SELECT ON %s TO {role}', v_item.name);
    IF NOT v_item.read_only THEN
      EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %s TO {role}', v_item.name);
    END IF;
  END LOOP;
  FOR v_item IN
    SELECT p.oid::regprocedure AS name, p.proname = ANY ({internal}) AS internal
    FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC, {role}', v_item.name);
    IF NOT v_item.internal THEN
      EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO {role}', v_item.name);
    END IF;
  END LOOP;
END $$;
"""

UNCHANGED = """
SELECT obj_description(to_regprocedure('app_now()'), 'pg_proc') = %s
  AND EXISTS (SELECT FROM pg_roles WHERE rolname = %s)
"""


REMEMBER = "COMMENT ON FUNCTION app_now() IS {}"
FORGET = """
DO $$ BEGIN
  IF to_regprocedure('app_now()') IS NOT NULL THEN COMMENT ON FUNCTION app_now() IS NULL; END IF;
END $$;
"""


class Command(migrate.Command):
    """Brings the database to what the code expects; a second run finds nothing to do and is quick."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """This will do all of it as the owner, the checks before it too: the role may not exist yet."""
        with as_owner(connections[options["database"]]):
            return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        """This will migrate as the owner, then load the functions and grant the application its rights."""
        connection = connections[options["database"]]
        with as_owner(connection):
            if options["plan"] or options["check_unapplied"]:
                super().handle(*args, **options)
                return
            _run(connection, "SELECT pg_advisory_lock(hashtext('ciyuan migrate'))")
            try:
                self._bring_up(connection, *args, **options)
            finally:
                _run(connection, "SELECT pg_advisory_unlock(hashtext('ciyuan migrate'))")

    def _bring_up(self, connection: BaseDatabaseWrapper, *args: Any, **options: Any) -> None:
        digest = _digest(connection)
        if not options["app_label"] and _is_unchanged(connection, digest):
            if options["verbosity"]:
                self.stdout.write("The database is up to date.")
            return
        _forget(connection)
        _make_role(connection)
        _drop_views(connection)
        super().handle(*args, **options)
        if _is_complete(connection):
            _load(connection)
            call_command("createcachetable", database=options["database"], verbosity=0)
            _grant(connection)
            _run(connection, sql.SQL(REMEMBER).format(digest))


def _is_unchanged(connection: BaseDatabaseWrapper, digest: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(UNCHANGED, [digest, settings.APP_ROLE])
        return bool(cursor.fetchone()[0])


def _forget(connection: BaseDatabaseWrapper) -> None:
    """From here on until everything is loaded, the next run must not believe that all is well."""
    _run(connection, FORGET)


def _is_complete(connection: BaseDatabaseWrapper) -> bool:
    loader = MigrationLoader(connection)
    return loader.disk_migrations.keys() <= loader.applied_migrations.keys()


def _digest(connection: BaseDatabaseWrapper) -> str:
    names = sorted(".".join(key) for key in MigrationLoader(connection).disk_migrations)
    texts = [path.read_text(encoding="utf-8") for path in [*_files(), Path(__file__)]]
    return hashlib.sha256("\n".join([*names, *texts]).encode()).hexdigest()


def _files() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((settings.BASE_DIR / folder).glob("*.sql"))]


def _make_role(connection: BaseDatabaseWrapper) -> None:
    role = settings.APP_ROLE
    _run(connection, sql.SQL(ROLE).format(role=sql.Identifier(role), name=role))


def _drop_views(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute(OWN_VIEWS)
        names = [name for (name,) in cursor.fetchall()]
    if names:
        views = sql.SQL(", ").join(map(sql.Identifier, names))
        _run(connection, sql.SQL("DROP VIEW {} CASCADE").format(views))


def _load(connection: BaseDatabaseWrapper) -> None:
    for path in _files():
        _run(connection, path.read_text(encoding="utf-8"))


def _grant(connection: BaseDatabaseWrapper) -> None:
    _run(
        connection,
        sql.SQL(GRANTS).format(
            role=sql.Identifier(settings.APP_ROLE), read_only=list(READ_ONLY), internal=list(INTERNAL)
        ),
    )


def _run(connection: BaseDatabaseWrapper, statement: str | sql.Composable) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
