"""What the tests of pages and figures ask for; nothing of Django is imported before its settings are read."""

import base64
import json
import threading
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
import redis

if TYPE_CHECKING:
    from tests.usage.cast import Home
    from tests.usage.shelves import Maker


@pytest.fixture
def now(db: None) -> datetime:
    from portal.kit import clock

    return clock.now()


@pytest.fixture
def home(now: datetime) -> "Iterator[Home]":
    from models_catalog import catalog
    from tests.usage import cast

    yield cast.assemble(now=now)
    catalog.forget()


@pytest.fixture
def broker() -> "Iterator[redis.Redis]":
    """Valkey, in which no text waits to be counted."""
    from django.conf import settings

    from usage import texts

    client = redis.Redis.from_url(settings.VALKEY_URL)
    client.delete(texts.QUEUE)
    yield client
    client.delete(texts.QUEUE)
    client.close()


@pytest.fixture
def busy(broker: "redis.Redis") -> None:
    """As many texts wait as may."""
    from usage import texts

    broker.rpush(texts.QUEUE, *[b"{}"] * texts.MOST_WAITING)


@pytest.fixture
def worker(broker: "redis.Redis") -> Iterator[list[dict[str, Any]]]:
    """A thread that does what the worker's task does; it gives the messages that it took.

    The vocabularies are loaded before: how fast this machine reads files is not what is tried.
    """
    from django.db import connection

    from models_catalog import tokenizers
    from usage import texts

    taken: list[dict[str, Any]] = []
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            found: Any = broker.brpop([texts.QUEUE], timeout=0.1)
            if found:
                message = json.loads(found[1])
                taken.append(message)
                texts.answer(**json.loads(base64.b64decode(message["body"]))[1])
                connection.close()

    for name in tokenizers.OFFLINE:
        tokenizers.count("", name)
    thread = threading.Thread(target=work)
    thread.start()
    yield taken
    over.set()
    thread.join()


@pytest.fixture
def firm(now: datetime) -> "Iterator[Maker]":
    """A business with people of every role, and the models and plans that everybody is offered."""
    from models_catalog import catalog
    from tests import kept
    from tests.usage import cast, shelves
    from usage import unfolding

    kept.catalog(now=now, addresses=cast.ADDRESSES)
    kept.offerings(now=now)
    catalog.forget()
    unfolding.forget()
    yield shelves.firm()
    catalog.forget()
    unfolding.forget()


@pytest.fixture
def loaded(firm: "Maker", now: datetime) -> None:
    """The portal's own assistants, published."""
    from usage import shelf

    shelf.open_all(now=now)
