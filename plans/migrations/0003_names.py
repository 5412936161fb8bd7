"""Names tables and columns for people; no statement reaches the database."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_first_legal_texts"),
        ("plans", "0002_shop"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="hold",
            options={"verbose_name": "open call", "verbose_name_plural": "open calls"},
        ),
        migrations.AlterModelOptions(
            name="journal",
            options={"verbose_name": "journal", "verbose_name_plural": "journals"},
        ),
        migrations.AlterModelOptions(
            name="lot",
            options={"verbose_name": "lot", "verbose_name_plural": "lots"},
        ),
        migrations.AlterModelOptions(
            name="posting",
            options={"verbose_name": "posting", "verbose_name_plural": "postings"},
        ),
        migrations.AlterModelOptions(
            name="quota",
            options={"verbose_name": "quota", "verbose_name_plural": "quotas"},
        ),
        migrations.AlterModelOptions(
            name="wallet",
            options={"verbose_name": "wallet", "verbose_name_plural": "wallets"},
        ),
        migrations.AlterField(
            model_name="hold",
            name="accepted_at",
            field=models.DateTimeField(null=True, verbose_name="accepted at"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="account_id",
            field=models.BigIntegerField(verbose_name="account"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="amount",
            field=models.BigIntegerField(verbose_name="set aside, in microcredits"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="api_key_id",
            field=models.BigIntegerField(null=True, verbose_name="API key"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="chat_model_id",
            field=models.BigIntegerField(verbose_name="model"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="end_user",
            field=models.TextField(blank=True, default="", verbose_name="end user"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="fence",
            field=models.IntegerField(default=0, verbose_name="fence"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="hard_deadline",
            field=models.DateTimeField(verbose_name="runs until"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="lease_until",
            field=models.DateTimeField(null=True, verbose_name="leased until"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="member_id",
            field=models.BigIntegerField(verbose_name="member"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="opened_at",
            field=models.DateTimeField(verbose_name="opened at"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="output_limit",
            field=models.BigIntegerField(verbose_name="most tokens out"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="price_id",
            field=models.BigIntegerField(verbose_name="price"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="project_id",
            field=models.BigIntegerField(null=True, verbose_name="project"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="prompt_tokens",
            field=models.BigIntegerField(verbose_name="tokens in"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="queue_deadline",
            field=models.DateTimeField(verbose_name="waits until"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="reply_to",
            field=models.TextField(blank=True, default="", verbose_name="answers go to"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="scenario_id",
            field=models.BigIntegerField(null=True, verbose_name="scenario"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="source",
            field=models.TextField(choices=[("api", "API"), ("chat", "chat")], verbose_name="source"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="state",
            field=models.TextField(
                choices=[("queued", "queued"), ("running", "running")], default="queued", verbose_name="state"
            ),
        ),
        migrations.AlterField(
            model_name="hold",
            name="streamed",
            field=models.BooleanField(verbose_name="streamed"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="worker",
            field=models.TextField(blank=True, default="", verbose_name="worker"),
        ),
        migrations.AlterField(
            model_name="journal",
            name="account_id",
            field=models.BigIntegerField(verbose_name="account"),
        ),
        migrations.AlterField(
            model_name="journal",
            name="actor_id",
            field=models.BigIntegerField(null=True, verbose_name="by"),
        ),
        migrations.AlterField(
            model_name="journal",
            name="kind",
            field=models.TextField(verbose_name="kind"),
        ),
        migrations.AlterField(
            model_name="journal",
            name="moved_at",
            field=models.DateTimeField(verbose_name="moved at"),
        ),
        migrations.AlterField(
            model_name="journal",
            name="reason",
            field=models.TextField(blank=True, default="", verbose_name="why"),
        ),
        migrations.AlterField(
            model_name="lot",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.account",
                verbose_name="account",
            ),
        ),
        migrations.AlterField(
            model_name="lot",
            name="available",
            field=models.BigIntegerField(verbose_name="available, in microcredits"),
        ),
        migrations.AlterField(
            model_name="lot",
            name="currency",
            field=models.CharField(blank=True, max_length=3, verbose_name="currency"),
        ),
        migrations.AlterField(
            model_name="lot",
            name="dedupe_key",
            field=models.CharField(max_length=200, unique=True, verbose_name="granted once by"),
        ),
        migrations.AlterField(
            model_name="lot",
            name="effective_at",
            field=models.DateTimeField(verbose_name="usable from"),
        ),
        migrations.AlterField(
            model_name="lot",
            name="expired",
            field=models.BigIntegerField(default=0, verbose_name="lapsed, in microcredits"),
        ),
        migrations.AlterField(
            model_name="lot",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="ends at"),
        ),
        migrations.AlterField(
            model_name="lot",
            name="granted",
            field=models.BigIntegerField(verbose_name="granted, in microcredits"),
        ),
        migrations.AlterField(
            model_name="lot",
            name="granted_at",
            field=models.DateTimeField(verbose_name="granted at"),
        ),
        migrations.AlterField(
            model_name="lot",
            name="held",
            field=models.BigIntegerField(default=0, verbose_name="set aside, in microcredits"),
        ),
        migrations.AlterField(
            model_name="lot",
            name="name",
            field=models.CharField(max_length=120, verbose_name="name"),
        ),
        migrations.AlterField(
            model_name="lot",
            name="offering_version_id",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="version of the offering"),
        ),
        migrations.AlterField(
            model_name="lot",
            name="order_id",
            field=models.UUIDField(blank=True, null=True, verbose_name="order"),
        ),
        migrations.AlterField(
            model_name="lot",
            name="priority",
            field=models.SmallIntegerField(default=0, verbose_name="priority"),
        ),
        migrations.AlterField(
            model_name="lot",
            name="refunded",
            field=models.BigIntegerField(default=0, verbose_name="refunded, in microcredits"),
        ),
        migrations.AlterField(
            model_name="lot",
            name="revoked",
            field=models.BigIntegerField(default=0, verbose_name="taken back, in microcredits"),
        ),
        migrations.AlterField(
            model_name="lot",
            name="source",
            field=models.CharField(
                choices=[
                    ("plan", "plan"),
                    ("topup", "top-up"),
                    ("promo", "promotion"),
                    ("goodwill", "goodwill"),
                    ("restore", "restored"),
                ],
                max_length=16,
                verbose_name="source",
            ),
        ),
        migrations.AlterField(
            model_name="lot",
            name="spent",
            field=models.BigIntegerField(default=0, verbose_name="spent, in microcredits"),
        ),
        migrations.AlterField(
            model_name="lot",
            name="unit_price",
            field=models.DecimalField(
                blank=True,
                decimal_places=18,
                max_digits=30,
                null=True,
                verbose_name="price of one credit, in minor units",
            ),
        ),
        migrations.AlterField(
            model_name="offering",
            name="audience",
            field=models.CharField(
                choices=[("household", "Household"), ("business", "Business")], max_length=16, verbose_name="audience"
            ),
        ),
        migrations.AlterField(
            model_name="offering",
            name="is_recommended",
            field=models.BooleanField(default=False, verbose_name="recommended"),
        ),
        migrations.AlterField(
            model_name="offering",
            name="kind",
            field=models.CharField(
                choices=[("plan", "Monthly plan"), ("pack", "Pack"), ("bundle", "Bundle")],
                max_length=16,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="offering",
            name="position",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="position"),
        ),
        migrations.AlterField(
            model_name="offering",
            name="slug",
            field=models.SlugField(unique=True, verbose_name="slug"),
        ),
        migrations.AlterField(
            model_name="offering",
            name="withdrawn_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="withdrawn at"),
        ),
        migrations.AlterField(
            model_name="offeringversion",
            name="currency",
            field=models.CharField(max_length=3, verbose_name="currency"),
        ),
        migrations.AlterField(
            model_name="offeringversion",
            name="features",
            field=models.JSONField(blank=True, default=list, verbose_name="features"),
        ),
        migrations.AlterField(
            model_name="offeringversion",
            name="microcredits",
            field=models.BigIntegerField(verbose_name="microcredits"),
        ),
        migrations.AlterField(
            model_name="offeringversion",
            name="name",
            field=models.CharField(max_length=80, verbose_name="name"),
        ),
        migrations.AlterField(
            model_name="offeringversion",
            name="name_zh",
            field=models.CharField(max_length=80, verbose_name="name in Chinese"),
        ),
        migrations.AlterField(
            model_name="offeringversion",
            name="offering",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="versions",
                to="plans.offering",
                verbose_name="offering",
            ),
        ),
        migrations.AlterField(
            model_name="offeringversion",
            name="price_minor",
            field=models.BigIntegerField(verbose_name="price, in minor units"),
        ),
        migrations.AlterField(
            model_name="offeringversion",
            name="priority",
            field=models.SmallIntegerField(default=0, verbose_name="priority"),
        ),
        migrations.AlterField(
            model_name="offeringversion",
            name="published_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="published at"),
        ),
        migrations.AlterField(
            model_name="offeringversion",
            name="seats",
            field=models.PositiveIntegerField(default=1, verbose_name="people"),
        ),
        migrations.AlterField(
            model_name="offeringversion",
            name="unit",
            field=models.CharField(
                choices=[("credits", "credits"), ("tokens", "tokens")],
                default="credits",
                max_length=8,
                verbose_name="unit",
            ),
        ),
        migrations.AlterField(
            model_name="offeringversion",
            name="valid_days",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="valid for days"),
        ),
        migrations.AlterField(
            model_name="offeringversion",
            name="valid_months",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="valid for months"),
        ),
        migrations.AlterField(
            model_name="offeringversion",
            name="version",
            field=models.PositiveIntegerField(verbose_name="version"),
        ),
        migrations.AlterField(
            model_name="order",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.account",
                verbose_name="account",
            ),
        ),
        migrations.AlterField(
            model_name="order",
            name="canceled_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="canceled at"),
        ),
        migrations.AlterField(
            model_name="order",
            name="currency",
            field=models.CharField(max_length=3, verbose_name="currency"),
        ),
        migrations.AlterField(
            model_name="order",
            name="denied_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="denied at"),
        ),
        migrations.AlterField(
            model_name="order",
            name="expired_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="expired at"),
        ),
        migrations.AlterField(
            model_name="order",
            name="expires_at",
            field=models.DateTimeField(verbose_name="waits until"),
        ),
        migrations.AlterField(
            model_name="order",
            name="microcredits",
            field=models.BigIntegerField(verbose_name="microcredits"),
        ),
        migrations.AlterField(
            model_name="order",
            name="offering_version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="plans.offeringversion",
                verbose_name="version of the offering",
            ),
        ),
        migrations.AlterField(
            model_name="order",
            name="paid_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="paid at"),
        ),
        migrations.AlterField(
            model_name="order",
            name="placed_at",
            field=models.DateTimeField(verbose_name="placed at"),
        ),
        migrations.AlterField(
            model_name="order",
            name="placed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.member",
                verbose_name="placed by",
            ),
        ),
        migrations.AlterField(
            model_name="order",
            name="price_minor",
            field=models.BigIntegerField(verbose_name="price, in minor units"),
        ),
        migrations.AlterField(
            model_name="order",
            name="state",
            field=models.CharField(
                choices=[
                    ("placed", "waiting for payment"),
                    ("paid", "paid"),
                    ("denied", "denied"),
                    ("canceled", "canceled"),
                    ("expired", "expired"),
                ],
                default="placed",
                max_length=16,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="payment",
            name="amount_minor",
            field=models.BigIntegerField(verbose_name="amount, in minor units"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="canceled_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="canceled at"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="check_at",
            field=models.DateTimeField(verbose_name="ask again at"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="checked_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="asked at"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="created_at",
            field=models.DateTimeField(verbose_name="made"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="currency",
            field=models.CharField(max_length=3, verbose_name="currency"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="denial_reason",
            field=models.CharField(blank=True, max_length=64, verbose_name="why denied"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="denied_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="denied at"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="mismatch",
            field=models.CharField(blank=True, max_length=200, verbose_name="mismatch"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="plans.order",
                verbose_name="order",
            ),
        ),
        migrations.AlterField(
            model_name="payment",
            name="pending_validation_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="code asked for at"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="phone_last_four",
            field=models.CharField(blank=True, max_length=4, verbose_name="last four of the phone"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="provider",
            field=models.CharField(max_length=32, verbose_name="paid through"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="reference",
            field=models.CharField(blank=True, max_length=128, null=True, verbose_name="operator's reference"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="state",
            field=models.CharField(
                choices=[
                    ("processing", "waiting for the operator"),
                    ("pending_validation", "waiting for a code"),
                    ("succeeded", "succeeded"),
                    ("denied", "denied"),
                    ("canceled", "canceled"),
                ],
                default="processing",
                max_length=24,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="payment",
            name="succeeded_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="succeeded at"),
        ),
        migrations.AlterField(
            model_name="posting",
            name="account_code",
            field=models.TextField(verbose_name="account of the books"),
        ),
        migrations.AlterField(
            model_name="posting",
            name="amount",
            field=models.BigIntegerField(verbose_name="amount"),
        ),
        migrations.AlterField(
            model_name="posting",
            name="lot_id",
            field=models.BigIntegerField(default=0, verbose_name="lot"),
        ),
        migrations.AlterField(
            model_name="posting",
            name="unit",
            field=models.TextField(verbose_name="unit"),
        ),
        migrations.AlterField(
            model_name="quota",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.account",
                verbose_name="account",
            ),
        ),
        migrations.AlterField(
            model_name="quota",
            name="created_at",
            field=models.DateTimeField(verbose_name="made"),
        ),
        migrations.AlterField(
            model_name="quota",
            name="limit_microcredits",
            field=models.BigIntegerField(verbose_name="at most, in microcredits"),
        ),
        migrations.AlterField(
            model_name="quota",
            name="node_id",
            field=models.BigIntegerField(verbose_name="its id"),
        ),
        migrations.AlterField(
            model_name="quota",
            name="node_kind",
            field=models.CharField(
                choices=[
                    ("account", "account"),
                    ("department", "department"),
                    ("project", "project"),
                    ("member", "member"),
                    ("key", "API key"),
                    ("scenario", "scenario"),
                ],
                max_length=16,
                verbose_name="for",
            ),
        ),
        migrations.AlterField(
            model_name="quota",
            name="window",
            field=models.CharField(
                choices=[("day", "day"), ("week", "week"), ("month", "month"), ("lifetime", "lifetime")],
                max_length=16,
                verbose_name="window",
            ),
        ),
        migrations.AlterField(
            model_name="wallet",
            name="account",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                primary_key=True,
                related_name="+",
                serialize=False,
                to="accounts.account",
                verbose_name="account",
            ),
        ),
        migrations.AlterField(
            model_name="wallet",
            name="debt",
            field=models.BigIntegerField(default=0, verbose_name="debt, in microcredits"),
        ),
        migrations.AlterField(
            model_name="wallet",
            name="suspended_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="suspended"),
        ),
    ]
