"""Query budgets: how many questions a page or a call may ask the database."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

LONGEST_LINE = 160
NOT_COUNTED = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", "SET ", "BEGIN", "COMMIT")


@contextmanager
def query_budget(most: int) -> Iterator[None]:
    """This will fail when the block asks more than `most` queries, and list them, the repeated ones first."""
    with CaptureQueriesContext(connection) as captured:
        yield
    asked = [query["sql"] for query in captured.captured_queries if not query["sql"].startswith(NOT_COUNTED)]
    if len(asked) > most:
        lines = [f"{count} x {sql[:LONGEST_LINE]}" for sql, count in Counter(asked).most_common()]
        message = f"{len(asked)} queries, the budget is {most}:\n" + "\n".join(lines)
        raise AssertionError(message)
