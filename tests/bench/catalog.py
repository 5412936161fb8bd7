"""What the pages of the catalog cost with three hundred models on the shelf: the server's time and its questions."""

import time
from statistics import median

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal import demo
from portal.kit import clock
from tests.bench.alone import CHOSEN, LIST, PAGE, Figures
from tests.models_catalog import shelves

PAGES = {
    LIST: "/models/",
    "list, all models": "/models/?all=on",
    CHOSEN: "/models/?all=on&q=model&vendor=maker-01&vendor=maker-02&ability=tools&context=32k&sort=speed",
    "list, as a fragment": "/models/?all=on&ability=tools",
    "comparison of four": "/models/compare/?model=model-000&model=model-001&model=model-003&model=model-006",
    PAGE: "/models/model-003/",
}
FRAGMENT = {"hx-request": "true", "hx-target": "found"}
MODELS = 300
WARM_UP = 5


def measure(size: float) -> Figures:
    """This will ask for each page `size` times."""
    demo.collect()
    shelves.offering(is_recommended=True)
    shelves.fill(MODELS, now=clock.now())
    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    return {name: _measure(client, name, int(size)) for name in PAGES}


def _measure(client: Client, name: str, rounds: int) -> dict[str, float]:
    with CaptureQueriesContext(connection) as queries:
        _ask(client, name)
        asked = float(len(queries))
    taken, worked = [], []
    for number in range(WARM_UP + rounds):
        began, worked_before = time.perf_counter(), time.process_time()
        _ask(client, name)
        if number >= WARM_UP:
            taken.append((time.perf_counter() - began) * 1000)
            worked.append((time.process_time() - worked_before) * 1000)
    taken.sort()
    figures = {"p50_ms": median(taken), "p95_ms": taken[int(len(taken) * 0.95)]}
    return figures | {"cpu_p50_ms": median(worked), "queries": asked}


def _ask(client: Client, name: str) -> None:
    answer = client.get(PAGES[name], headers=FRAGMENT if "fragment" in name else {})
    assert answer.status_code == 200, answer.status_code
