"""The worker's log: it names what went wrong with a message, and never what people wrote in it."""

import logging
from typing import Any

import pytest
from celery.worker.consumer import Consumer
from kombu import Connection, Message

from portal.celery import app

SECRET = "my very private question"


@pytest.fixture
def consumer() -> Any:
    made: Any = object.__new__(Consumer)  # without a worker and a broker of its own
    made.app, made.connection_errors, made.event_dispatcher = app, (), None
    return made


@pytest.fixture
def message() -> Any:
    with Connection("memory://") as connection, connection.SimpleBuffer("logs") as queue:
        headers = {"id": "1", "task": "gone", "kwargsrepr": SECRET}
        queue.put({"prompt": SECRET}, headers=headers)
        yield queue.get(timeout=1)


class TestMessagesThatCannotBeUsed:
    def test_of_an_unknown_kind_are_told_without_their_body(
        self, consumer: Consumer, message: Message, caplog: pytest.LogCaptureFixture
    ) -> None:
        consumer.on_unknown_message(message.payload, message)
        self.check(caplog, "Received and deleted unknown message")

    def test_of_an_unknown_task_are_told_by_its_name(
        self, consumer: Consumer, message: Message, caplog: pytest.LogCaptureFixture
    ) -> None:
        consumer.on_unknown_task(None, message, KeyError("gone"))
        self.check(caplog, "unregistered task of type 'gone'")

    def test_that_are_invalid_are_told_without_their_body(
        self, consumer: Consumer, message: Message, caplog: pytest.LogCaptureFixture
    ) -> None:
        consumer.on_invalid_task(None, message, ValueError(SECRET))
        self.check(caplog, "Received invalid task message")

    def test_that_cannot_be_decoded_are_told_without_their_body(
        self, consumer: Consumer, message: Message, caplog: pytest.LogCaptureFixture
    ) -> None:
        consumer.on_decode_error(message, UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, "no"))
        self.check(caplog, "Can't decode message body")

    def check(self, caplog: pytest.LogCaptureFixture, headline: str) -> None:
        told = [record for record in caplog.records if record.name.startswith("celery.worker")]
        text = "\n".join(logging.Formatter().format(record) for record in told)
        assert headline in text
        assert SECRET not in text
        assert len(text.splitlines()) == 1
