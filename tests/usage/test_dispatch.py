"""The hand-made message is the one that kombu writes."""

import base64
import json
from typing import Any

from celery import Celery

from usage import dispatch

ARGUMENTS = {"calls": [{"call": "0199", "request": {"model": "天"}, "keep": False}]}
CHANGING = ("id", "root_id", "origin", "argsrepr", "kwargsrepr")


def perform(*, calls: list[dict[str, Any]]) -> None:
    """A task of the same name and arguments."""


def kombus(queue: str) -> dict[str, Any]:
    app = Celery("other", broker="memory://")
    task: Any = app.task(name=dispatch.TASK, ignore_result=True)(perform)
    with app.connection() as connection:
        channel: Any = connection.default_channel
        task.apply_async(kwargs=ARGUMENTS, queue=queue, connection=connection)
        written: dict[str, Any] = channel._get(queue)
    return written


def own(queue: str) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(dispatch.message(queue=queue, arguments=ARGUMENTS))
    return written


class TestMessage:
    def test_has_the_headers_and_properties_of_kombu(self) -> None:
        queue = "test.dispatch"
        expected, written = kombus(queue), own(queue)
        for message in (expected, written):
            for name in CHANGING:
                assert message["headers"].pop(name) is not None
            for name in ("correlation_id", "delivery_tag", "reply_to", "delivery_info"):
                message["properties"].pop(name)
        assert written["headers"] == expected["headers"]
        assert written["properties"] == expected["properties"]
        assert {name: written[name] for name in ("content-type", "content-encoding")} == {
            name: expected[name] for name in ("content-type", "content-encoding")
        }

    def test_has_the_body_of_kombu(self) -> None:
        bodies = [json.loads(base64.b64decode(each("test.dispatch")["body"])) for each in (kombus, own)]
        assert bodies[0] == bodies[1]

    def test_is_read_back_as_it_was_written(self) -> None:
        written = dispatch.message(queue="test.dispatch", arguments=ARGUMENTS)
        assert dispatch.arguments_of(written) == ARGUMENTS
        assert dispatch.arguments_of(json.dumps(kombus("test.dispatch")).encode()) == ARGUMENTS

    def test_of_another_kind_is_not_read(self) -> None:
        written = own("test.dispatch")
        pickled = written | {"content-type": "application/x-python-serialize"}
        other = written | {"headers": written["headers"] | {"task": "plans.tasks.expire_orders"}}
        foreigners: list[object] = [pickled, other, {}, [], "no message", written | {"body": "%%%"}]
        for foreign in foreigners:
            assert dispatch.arguments_of(json.dumps(foreign).encode()) is None
        assert dispatch.arguments_of(b"\xff{") is None
