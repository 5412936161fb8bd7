"""What is done again and again, and how often; each entry is one task of the queue `jobs`."""

from typing import TypedDict


class Entry(TypedDict):
    """One periodic task: its name and the seconds between two runs."""

    task: str
    schedule: float


TIMETABLE: dict[str, Entry] = {}
