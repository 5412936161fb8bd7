"""Makes what is sold, ordered and paid; published terms and the figures of an order never change."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

FROZEN = """
CREATE FUNCTION plans_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is frozen', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER published_is_frozen BEFORE UPDATE OR DELETE ON plans_offeringversion
FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION plans_refuse_change();
CREATE TRIGGER order_stays BEFORE DELETE ON plans_order
FOR EACH ROW EXECUTE FUNCTION plans_refuse_change();
CREATE TRIGGER order_figures_are_frozen BEFORE UPDATE ON plans_order
FOR EACH ROW WHEN (
  (OLD.account_id, OLD.offering_version_id, OLD.price_minor, OLD.currency, OLD.microcredits, OLD.placed_at)
  IS DISTINCT FROM
  (NEW.account_id, NEW.offering_version_id, NEW.price_minor, NEW.currency, NEW.microcredits, NEW.placed_at)
  OR OLD.state = 'paid'
) EXECUTE FUNCTION plans_refuse_change();
CREATE TRIGGER payment_stays BEFORE DELETE ON plans_payment
FOR EACH ROW EXECUTE FUNCTION plans_refuse_change();
"""

THAWED = """
DROP TRIGGER published_is_frozen ON plans_offeringversion;
DROP TRIGGER order_stays ON plans_order;
DROP TRIGGER order_figures_are_frozen ON plans_order;
DROP TRIGGER payment_stays ON plans_payment;
DROP FUNCTION plans_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("plans", "0001_ledger"),
    ]

    operations = [
        migrations.CreateModel(
            name="Offering",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(unique=True)),
                (
                    "audience",
                    models.CharField(choices=[("household", "Household"), ("business", "Business")], max_length=16),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("plan", "Monthly plan"), ("pack", "Pack"), ("bundle", "Bundle")], max_length=16
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("is_recommended", models.BooleanField(default=False)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "offering",
                "verbose_name_plural": "offerings",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("audience__in", ["household", "business"])), name="offering_audience_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["plan", "pack", "bundle"])), name="offering_kind_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OfferingVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=80)),
                ("name_zh", models.CharField(max_length=80)),
                ("price_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("microcredits", models.BigIntegerField()),
                ("valid_days", models.PositiveIntegerField(blank=True, null=True)),
                ("valid_months", models.PositiveIntegerField(blank=True, null=True)),
                ("priority", models.SmallIntegerField(default=0)),
                (
                    "unit",
                    models.CharField(
                        choices=[("credits", "credits"), ("tokens", "tokens")], default="credits", max_length=8
                    ),
                ),
                ("seats", models.PositiveIntegerField(default=1)),
                ("features", models.JSONField(blank=True, default=list)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                (
                    "offering",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="plans.offering"
                    ),
                ),
            ],
            options={
                "verbose_name": "version of an offering",
                "verbose_name_plural": "versions of offerings",
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("price_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("microcredits", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("placed", "waiting for payment"),
                            ("paid", "paid"),
                            ("denied", "denied"),
                            ("canceled", "canceled"),
                            ("expired", "expired"),
                        ],
                        default="placed",
                        max_length=16,
                    ),
                ),
                ("placed_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("paid_at", models.DateTimeField(blank=True, null=True)),
                ("denied_at", models.DateTimeField(blank=True, null=True)),
                ("canceled_at", models.DateTimeField(blank=True, null=True)),
                ("expired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "offering_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="plans.offeringversion"
                    ),
                ),
                (
                    "placed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.member"
                    ),
                ),
            ],
            options={
                "verbose_name": "order",
                "verbose_name_plural": "orders",
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("provider", models.CharField(max_length=32)),
                ("reference", models.CharField(blank=True, max_length=128, null=True)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("processing", "waiting for the operator"),
                            ("pending_validation", "waiting for a code"),
                            ("succeeded", "succeeded"),
                            ("denied", "denied"),
                            ("canceled", "canceled"),
                        ],
                        default="processing",
                        max_length=24,
                    ),
                ),
                ("phone_last_four", models.CharField(blank=True, max_length=4)),
                ("sealed_phone", models.BinaryField(blank=True, null=True)),
                ("denial_reason", models.CharField(blank=True, max_length=64)),
                ("mismatch", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField()),
                ("check_at", models.DateTimeField()),
                ("checked_at", models.DateTimeField(blank=True, null=True)),
                ("pending_validation_at", models.DateTimeField(blank=True, null=True)),
                ("succeeded_at", models.DateTimeField(blank=True, null=True)),
                ("denied_at", models.DateTimeField(blank=True, null=True)),
                ("canceled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="plans.order"
                    ),
                ),
            ],
            options={
                "verbose_name": "payment",
                "verbose_name_plural": "payments",
            },
        ),
        migrations.AddConstraint(
            model_name="offeringversion",
            constraint=models.UniqueConstraint(fields=("offering", "version"), name="offering_version_once"),
        ),
        migrations.AddConstraint(
            model_name="offeringversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("price_minor__gte", 0)), name="offering_price_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="offeringversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("microcredits__gt", 0)), name="offering_credits_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="offeringversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("valid_days__gt", 0), ("valid_months", None)),
                    models.Q(("valid_days", None), ("valid_months__gt", 0)),
                    _connector="OR",
                ),
                name="offering_validity_one_way",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["account", "-placed_at"], name="order_of_account"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(condition=models.Q(("state", "placed")), fields=["expires_at"], name="order_waiting"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["placed", "paid", "denied", "canceled", "expired"])),
                name="order_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("paid_at__isnull", False), ("state", "paid")),
                    models.Q(models.Q(("state", "paid"), _negated=True), ("paid_at", None)),
                    _connector="OR",
                ),
                name="order_paid_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("price_minor__gte", 0)), name="order_price_not_negative"
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("state__in", ["processing", "pending_validation"])),
                fields=["check_at"],
                name="payment_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(fields=("provider", "reference"), name="payment_reference_once"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["denied", "canceled"]), _negated=True),
                fields=("order",),
                name="payment_one_alive_per_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="payment_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["processing", "pending_validation", "succeeded", "denied", "canceled"])
                ),
                name="payment_state_known",
            ),
        ),
        migrations.RunSQL(FROZEN, THAWED),
    ]
