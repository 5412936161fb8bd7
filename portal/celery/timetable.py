"""What is done again and again, and how often; each entry is one task of the queue `jobs`."""

from typing import Any

from celery.schedules import crontab

PAYMENTS_SECONDS = 2.0
POST_SECONDS = 3.0
ENDINGS_SECONDS = 60.0
AUDIT_SECONDS = 300.0
HEALTH_SECONDS = 180.0
VOTES_SECONDS = 600.0
CHORES_SECONDS = 3600.0


def _every(seconds: float, task: str) -> dict[str, Any]:
    """A run that waited for longer than its pause is dropped: the next one does its work."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


def _at_night(hour: int, task: str) -> dict[str, Any]:
    """A run a day, by the portal's own clock in UTC."""
    return {"task": task, "schedule": crontab(hour=hour, minute=7), "options": {"expires": CHORES_SECONDS}}


TIMETABLE = {
    "ask about open payments": _every(PAYMENTS_SECONDS, "plans.tasks.refresh_pending_payments"),
    "process messages of payment providers": _every(PAYMENTS_SECONDS, "plans.tasks.process_payment_messages"),
    "ask about repayments": _every(POST_SECONDS, "plans.tasks.refresh_repayments"),
    "hold payments against the providers' lists": _every(CHORES_SECONDS, "plans.tasks.reconcile_payments"),
    "send invitations": _every(POST_SECONDS, "accounts.tasks.send_invitations"),
    "ask postmasters": _every(POST_SECONDS, "accounts.tasks.send_claims"),
    "send notifications": _every(POST_SECONDS, "accounts.tasks.send_notifications"),
    "tell of items of bundles": _every(POST_SECONDS, "plans.tasks.tell_of_items"),
    "give up unpaid orders": _every(ENDINGS_SECONDS, "plans.tasks.expire_orders"),
    "write missing invoices": _every(CHORES_SECONDS, "plans.tasks.write_invoices"),
    "hand e-fapiao over": _every(ENDINGS_SECONDS, "plans.tasks.exchange_fapiao_news"),
    "renew plans": _every(ENDINGS_SECONDS, "plans.tasks.renew_plans"),
    "end old lots": _every(ENDINGS_SECONDS, "plans.tasks.expire_lots"),
    "tell the catalog what credits cost": _every(CHORES_SECONDS, "plans.tasks.tell_credit_prices"),
    "let shares follow the plans": _every(ENDINGS_SECONDS, "plans.tasks.follow_shares"),
    "let unused slices flow back": _every(ENDINGS_SECONDS, "plans.tasks.reclaim"),
    "note which lots are about to end": _every(CHORES_SECONDS, "plans.tasks.note_endings"),
    "note how models do": _every(HEALTH_SECONDS, "usage.tasks.write_down_hours"),
    "note how models did this month": _every(CHORES_SECONDS, "usage.tasks.write_down_health"),
    "note what readers like": _every(VOTES_SECONDS, "usage.tasks.write_down_approvals"),
    "measure what things of life take": _at_night(0, "usage.tasks.measure_life"),
    "note when keys called last": _every(ENDINGS_SECONDS, "usage.tasks.note_key_calls"),
    "point out keys that nobody uses": _at_night(1, "usage.tasks.remind_of_keys"),
    "end the quotas of keys that ended": _every(CHORES_SECONDS, "plans.tasks.tidy_keys"),
    "book what was earned": _at_night(2, "plans.tasks.earn"),
    "book what calls cost at the vendors": _at_night(2, "usage.tasks.book_supplier_costs"),
    "learn how much to set aside": _at_night(4, "usage.tasks.learn_factors"),
    "audit what moved": _every(AUDIT_SECONDS, "usage.tasks.audit_recent"),
    "audit all books": _at_night(3, "usage.tasks.audit_all"),
    "forget old idempotency keys": _every(CHORES_SECONDS, "plans.tasks.forget_idempotency_keys"),
    "forget windows of minutes and sessions": _every(CHORES_SECONDS, "plans.tasks.forget_windows"),
    "make partitions of the books": _every(CHORES_SECONDS, "plans.tasks.make_partitions"),
    "drop old calls": _at_night(5, "usage.tasks.drop_old_months"),
    "drop old books": _at_night(6, "plans.tasks.drop_old_months"),
    "forget answers kept for a day": _every(CHORES_SECONDS, "usage.tasks.forget_answers"),
    "tell guardians about the week": _every(CHORES_SECONDS, "usage.tasks.send_digests"),
    "look for keys that break out": _every(ENDINGS_SECONDS, "usage.tasks.look_for_breaks"),
    "forget old refusals": _every(CHORES_SECONDS, "usage.tasks.forget_refusals"),
    "retire models": _every(ENDINGS_SECONDS, "models_catalog.tasks.retire_models"),
    "tell who uses models that are being retired": _every(CHORES_SECONDS, "usage.tasks.remind_of_retirements"),
    "make partitions of the calls": _every(CHORES_SECONDS, "usage.tasks.make_partitions"),
}
