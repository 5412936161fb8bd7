"""What is done again and again, and how often; each entry is one task of the queue `jobs`."""

from typing import TypedDict


class Entry(TypedDict):
    """One periodic task: its name and the seconds between two runs."""

    task: str
    schedule: float


TIMETABLE: dict[str, Entry] = {
    "refresh pending payments": {"task": "plans.tasks.refresh_pending_payments", "schedule": 5.0},
    "expire orders": {"task": "plans.tasks.expire_orders", "schedule": 60.0},
    "expire lots": {"task": "plans.tasks.expire_lots", "schedule": 60.0},
}
