"""Keeps what people wrote out of the worker's log: Celery prints whole messages that it cannot use."""

import logging


class NoBodies(logging.Filter):
    """Leaves of a record about a message its headline; body, headers and traceback repeat what was sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        """This will cut the record and let it through."""
        if isinstance(record.msg, str) and "body" in record.msg:
            headline = record.msg.partition("\n")[0].partition(":")[0]
            blanks = headline.count("%")  # at most the name of a task
            record.msg, record.args = headline, record.args[:blanks] if isinstance(record.args, tuple) else ()
            record.exc_info = record.exc_text = None
        return True


def install() -> None:
    """This will put the filter where Celery receives messages."""
    logging.getLogger("celery.worker.consumer.consumer").addFilter(NoBodies())
