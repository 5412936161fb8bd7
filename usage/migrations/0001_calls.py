"""Makes the tables of calls, those that grow without end partitioned by the month in their ids."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# A plain table is made by Django and at once exchanged for a partitioned one of the same shape. Months are
# bounds on the first 48 bits of a UUIDv7, which are its moment in milliseconds.
PARTITION = """
CREATE TABLE partitioned (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE ({key});
DROP TABLE {table};
ALTER TABLE partitioned RENAME TO {table};
ALTER TABLE {table} ADD PRIMARY KEY ({primary});
CREATE TABLE {table}_default PARTITION OF {table} DEFAULT;
DO $$
DECLARE month timestamptz;
BEGIN
  FOR ahead IN 0..3 LOOP
    month := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + ahead * interval '1 month';
    EXECUTE format(
      'CREATE TABLE %I PARTITION OF {table} FOR VALUES FROM (%L) TO (%L)',
      '{table}_' || to_char(month AT TIME ZONE 'UTC', 'YYYYMM'),
      rpad(lpad(to_hex((extract(epoch FROM month) * 1000)::bigint), 12, '0'), 32, '0'),
      rpad(lpad(to_hex((extract(epoch FROM month + interval '1 month') * 1000)::bigint), 12, '0'), 32, '0'));
  END LOOP;
END $$;
"""


def partitioned(table: str, *, key: str, primary: str) -> migrations.RunSQL:
    """This will exchange the empty plain `table` for one that is partitioned by `key`."""
    return migrations.RunSQL(PARTITION.format(table=table, key=key, primary=primary), migrations.RunSQL.noop)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("models_catalog", "0001_initial"),
        ("plans", "0001_ledger"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                ("call_id", models.UUIDField(primary_key=True, serialize=False)),
                ("sealed", models.BinaryField()),
                ("kept_until", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="LateEvidence",
            fields=[
                ("call_id", models.UUIDField(primary_key=True, serialize=False)),
                ("raw_usage", models.JSONField()),
                ("arrived_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CallLot",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "call_id", "ord", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("call_id", models.UUIDField()),
                ("ord", models.SmallIntegerField()),
                ("amount_microcredits", models.BigIntegerField()),
                ("available_before_microcredits", models.BigIntegerField()),
                ("available_after_microcredits", models.BigIntegerField()),
                (
                    "lot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="plans.lot",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("call_id", models.UUIDField()),
                ("position", models.SmallIntegerField()),
                ("outcome", models.TextField()),
                ("raw_usage", models.JSONField(null=True)),
                ("started_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField()),
                (
                    "price",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="models_catalog.price",
                    ),
                ),
                (
                    "route",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="models_catalog.route",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Call",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "departments",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("end_user", models.TextField(blank=True, default="")),
                ("source", models.TextField()),
                ("streamed", models.BooleanField()),
                ("state", models.TextField(choices=[("settled", "Settled"), ("voided", "Voided")])),
                (
                    "how",
                    models.TextField(
                        choices=[
                            ("usage", "Usage"),
                            ("usage_capped", "Usage Capped"),
                            ("estimate", "Estimate"),
                            ("estimate_cut", "Estimate Cut"),
                            ("estimate_left", "Estimate Left"),
                            ("refused", "Refused"),
                            ("sweep_usage", "Sweep Usage"),
                            ("sweep_partial", "Sweep Partial"),
                            ("platform", "Platform"),
                            ("queue_timeout", "Queue Timeout"),
                            ("cancelled", "Cancelled"),
                        ]
                    ),
                ),
                ("held_microcredits", models.BigIntegerField()),
                ("charged_microcredits", models.BigIntegerField()),
                ("estimated", models.BooleanField()),
                ("in_fresh", models.BigIntegerField(default=0)),
                ("cache_read", models.BigIntegerField(default=0)),
                ("cache_write_5m", models.BigIntegerField(default=0)),
                ("cache_write_1h", models.BigIntegerField(default=0)),
                ("in_image", models.BigIntegerField(default=0)),
                ("in_audio", models.BigIntegerField(default=0)),
                ("out_text", models.BigIntegerField(default=0)),
                ("out_reasoning", models.BigIntegerField(default=0)),
                ("out_image", models.BigIntegerField(default=0)),
                ("out_audio", models.BigIntegerField(default=0)),
                ("finish_reason", models.TextField(blank=True, default="")),
                ("error_code", models.TextField(blank=True, default="")),
                ("opened_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(null=True)),
                ("first_token_milliseconds", models.IntegerField(null=True)),
                ("ended_at", models.DateTimeField()),
                ("day", models.DateField()),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "api_key",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.apikey",
                    ),
                ),
                (
                    "chat_model",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="models_catalog.chatmodel",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.member",
                    ),
                ),
                (
                    "price",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="models_catalog.price",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.project",
                    ),
                ),
                (
                    "route",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="models_catalog.route",
                    ),
                ),
                (
                    "scenario",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.scenario",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("charged_microcredits__gte", 0),
                            ("charged_microcredits__lte", models.F("held_microcredits")),
                        ),
                        name="call_charged_within_hold",
                    )
                ],
            },
        ),
        partitioned("usage_call", key="id", primary="id"),
        partitioned("usage_attempt", key="id", primary="id"),
        partitioned("usage_calllot", key="call_id", primary="call_id, ord"),
        migrations.AddIndex(model_name="call", index=models.Index(fields=["account", "id"], name="call_of_account")),
        migrations.AddIndex(model_name="attempt", index=models.Index(fields=["call_id"], name="attempt_of_call")),
        migrations.CreateModel(
            name="DailyTotal",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("day", models.DateField()),
                (
                    "departments",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("end_user", models.TextField(blank=True, default="")),
                ("calls", models.BigIntegerField()),
                ("charged_microcredits", models.BigIntegerField()),
                ("input_tokens", models.BigIntegerField()),
                ("output_tokens", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "api_key",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.apikey",
                    ),
                ),
                (
                    "chat_model",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="models_catalog.chatmodel",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.member",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.project",
                    ),
                ),
                (
                    "scenario",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.scenario",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=(
                            "account",
                            "day",
                            "member",
                            "departments",
                            "project",
                            "scenario",
                            "api_key",
                            "end_user",
                            "chat_model",
                        ),
                        name="daily_total_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HourProfile",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("weekday", models.SmallIntegerField()),
                ("hour", models.SmallIntegerField()),
                ("calls", models.BigIntegerField()),
                ("charged_microcredits", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("account", "weekday", "hour"), name="hour_profile_once")
                ],
            },
        ),
    ]
