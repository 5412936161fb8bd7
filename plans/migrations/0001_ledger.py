"""Makes wallets, lots, open calls, quotas and the books, which are partitioned and only ever added to."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

# Django makes a plain table, which is at once exchanged for a partitioned one of the same shape.
PARTITION = """
CREATE TABLE partitioned (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE ({key});
DROP TABLE {table};
ALTER TABLE partitioned RENAME TO {table};
ALTER TABLE {table} ADD PRIMARY KEY ({primary});
SELECT make_partitions('{table}', '{key}', 3);
"""

BOOKS = """
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER added_only BEFORE UPDATE OR DELETE ON plans_journal
FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER added_only BEFORE UPDATE OR DELETE ON plans_posting
FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();

CREATE FUNCTION ledger_refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  IF (SELECT sum(amount) FROM plans_posting WHERE journal_id = NEW.journal_id AND unit = NEW.unit) <> 0 THEN
    RAISE EXCEPTION 'journal % does not add up to zero in %', NEW.journal_id, NEW.unit
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER adds_up AFTER INSERT ON plans_posting DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION ledger_refuse_unbalanced();
"""

# Room on each page lets the counters change without a write to any index; few rows, ever changing.
ROOM = """
ALTER TABLE plans_lot SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE plans_quotawindow SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE plans_hold SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
ALTER TABLE plans_holdlot SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [("accounts", "0001_initial"), ("portal", "0001_clock")]

    operations = [
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id",
                        "scope",
                        "key",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("account_id", models.BigIntegerField()),
                ("scope", models.TextField()),
                ("key", models.TextField()),
                ("body_hash", models.TextField()),
                ("call_id", models.UUIDField()),
                ("created_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("account_id", models.BigIntegerField()),
                ("member_id", models.BigIntegerField()),
                (
                    "departments",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("project_id", models.BigIntegerField(null=True)),
                ("scenario_id", models.BigIntegerField(null=True)),
                ("api_key_id", models.BigIntegerField(null=True)),
                ("end_user", models.TextField(blank=True, default="")),
                ("chat_model_id", models.BigIntegerField()),
                ("price_id", models.BigIntegerField()),
                ("amount", models.BigIntegerField()),
                (
                    "state",
                    models.TextField(choices=[("queued", "Queued"), ("running", "Running")], default="queued"),
                ),
                ("fence", models.IntegerField(default=0)),
                ("worker", models.TextField(blank=True, default="")),
                ("reply_to", models.TextField(blank=True, default="")),
                ("source", models.TextField(choices=[("api", "Api"), ("chat", "Chat")])),
                ("streamed", models.BooleanField()),
                ("prompt_tokens", models.BigIntegerField()),
                ("output_limit", models.BigIntegerField()),
                (
                    "quota_windows",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("queue_deadline", models.DateTimeField()),
                ("hard_deadline", models.DateTimeField()),
                ("lease_until", models.DateTimeField(null=True)),
                ("accepted_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["account_id"], name="hold_of_account")],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(("amount__gte", 0), ("amount__lte", 1000000000000000)),
                        name="hold_amount_sane",
                    ),
                    models.CheckConstraint(condition=Q(("state__in", ["queued", "running"])), name="hold_state_known"),
                    models.CheckConstraint(condition=Q(("source__in", ["api", "chat"])), name="hold_source_known"),
                    models.CheckConstraint(
                        condition=Q(
                            Q(("lease_until", None), ("state", "queued")),
                            Q(("lease_until__isnull", False), ("state", "running")),
                            _connector="OR",
                        ),
                        name="hold_running_has_lease",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HoldLot",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "hold_id", "lot_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("hold_id", models.UUIDField()),
                ("lot_id", models.BigIntegerField()),
                ("ord", models.SmallIntegerField()),
                ("amount", models.BigIntegerField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=Q(("amount__gt", 0)), name="hold_lot_positive")],
            },
        ),
        migrations.CreateModel(
            name="Journal",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("account_id", models.BigIntegerField()),
                ("actor_id", models.BigIntegerField(null=True)),
                ("reason", models.TextField(blank=True, default="")),
                ("moved_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(("kind__in", ["grant", "settle", "expire"])), name="journal_kind_known"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "journal_id",
                        "account_code",
                        "unit",
                        "lot_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("journal_id", models.UUIDField()),
                ("account_code", models.TextField()),
                ("unit", models.TextField()),
                ("lot_id", models.BigIntegerField(default=0)),
                ("amount", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=Q(("amount", 0), _negated=True), name="posting_not_zero")
                ],
            },
        ),
        migrations.CreateModel(
            name="Quota",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "node_kind",
                    models.CharField(
                        choices=[
                            ("account", "Account"),
                            ("department", "Department"),
                            ("project", "Project"),
                            ("member", "Member"),
                            ("key", "Key"),
                            ("scenario", "Scenario"),
                        ],
                        max_length=16,
                    ),
                ),
                ("node_id", models.BigIntegerField()),
                (
                    "window",
                    models.CharField(
                        choices=[
                            ("day", "Day"),
                            ("week", "Week"),
                            ("month", "Month"),
                            ("lifetime", "Lifetime"),
                        ],
                        max_length=16,
                    ),
                ),
                ("limit_microcredits", models.BigIntegerField()),
                ("created_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="QuotaWindow",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                ("used", models.BigIntegerField(default=0)),
                ("held", models.BigIntegerField(default=0)),
                (
                    "quota",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="windows",
                        to="plans.quota",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Wallet",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.account",
                    ),
                ),
                ("debt", models.BigIntegerField(default=0)),
                ("suspended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=Q(("debt__gte", 0)), name="wallet_debt_not_negative")],
            },
        ),
        migrations.CreateModel(
            name="Lot",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("plan", "Plan"),
                            ("topup", "Topup"),
                            ("promo", "Promo"),
                            ("goodwill", "Goodwill"),
                            ("restore", "Restore"),
                        ],
                        max_length=16,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("dedupe_key", models.CharField(max_length=200, unique=True)),
                ("order_id", models.UUIDField(blank=True, null=True)),
                ("offering_version_id", models.BigIntegerField(blank=True, null=True)),
                ("unit_price", models.DecimalField(blank=True, decimal_places=18, max_digits=30, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("priority", models.SmallIntegerField(default=0)),
                ("granted_at", models.DateTimeField()),
                ("effective_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("granted", models.BigIntegerField()),
                ("available", models.BigIntegerField()),
                ("held", models.BigIntegerField(default=0)),
                ("spent", models.BigIntegerField(default=0)),
                ("expired", models.BigIntegerField(default=0)),
                ("revoked", models.BigIntegerField(default=0)),
                ("refunded", models.BigIntegerField(default=0)),
                (
                    "drawable",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.ExpressionWrapper(
                            Q(("available__gt", 0)), output_field=models.BooleanField()
                        ),
                        output_field=models.BooleanField(),
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=Q(("drawable", True)),
                        fields=["account", "priority", "expires_at", "granted_at", "id"],
                        name="lot_draw_order",
                    ),
                    models.Index(fields=["account"], name="lot_of_account"),
                    models.Index(condition=Q(("drawable", True)), fields=["expires_at"], name="lot_ending"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(
                            granted=F("available")
                            + F("held")
                            + F("spent")
                            + F("expired")
                            + F("revoked")
                            + F("refunded")
                        ),
                        name="lot_adds_up",
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            ("available__gte", 0),
                            ("expired__gte", 0),
                            ("held__gte", 0),
                            ("refunded__gte", 0),
                            ("revoked__gte", 0),
                            ("spent__gte", 0),
                        ),
                        name="lot_not_negative",
                    ),
                    models.CheckConstraint(condition=Q(("granted__gt", 0)), name="lot_granted_something"),
                    models.CheckConstraint(
                        condition=Q(("source__in", ["plan", "topup", "promo", "goodwill", "restore"])),
                        name="lot_source_known",
                    ),
                    models.CheckConstraint(
                        condition=Q(("expires_at", None), ("expires_at__gt", F("effective_at")), _connector="OR"),
                        name="lot_ends_after_start",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="quota",
            constraint=models.UniqueConstraint(
                fields=("account", "node_kind", "node_id", "window"), name="quota_once_a_window"
            ),
        ),
        migrations.AddConstraint(
            model_name="quota",
            constraint=models.CheckConstraint(
                condition=Q(("limit_microcredits__gte", 0)), name="quota_limit_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="quota",
            constraint=models.CheckConstraint(
                condition=Q(("node_kind__in", ["account", "department", "project", "member", "key", "scenario"])),
                name="quota_node_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="quota",
            constraint=models.CheckConstraint(
                condition=Q(("window__in", ["day", "week", "month", "lifetime"])), name="quota_window_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="quotawindow",
            constraint=models.UniqueConstraint(fields=("quota", "starts_at"), name="quota_window_once"),
        ),
        migrations.AddConstraint(
            model_name="quotawindow",
            constraint=models.CheckConstraint(
                condition=Q(("held__gte", 0), ("used__gte", 0)), name="quota_window_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="quotawindow",
            constraint=models.CheckConstraint(
                condition=Q(("ends_at", None), ("ends_at__gt", F("starts_at")), _connector="OR"),
                name="quota_window_ends_after_start",
            ),
        ),
        migrations.RunSQL(PARTITION.format(table="plans_journal", key="id", primary="id"), migrations.RunSQL.noop),
        migrations.RunSQL(
            PARTITION.format(table="plans_posting", key="journal_id", primary="journal_id, account_code, unit, lot_id"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            BOOKS,
            "DROP TRIGGER added_only ON plans_journal; DROP TRIGGER added_only ON plans_posting;"
            " DROP TRIGGER adds_up ON plans_posting;"
            " DROP FUNCTION ledger_refuse_change(); DROP FUNCTION ledger_refuse_unbalanced();",
        ),
        migrations.RunSQL(ROOM, migrations.RunSQL.noop),
    ]
