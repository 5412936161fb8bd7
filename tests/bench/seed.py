"""Fills the portal of the benchmark: the upstream's models, ten businesses with credits, and a key for each.

    VAR_DIR=... PORT=... python -m tests.bench.seed UPSTREAM_PORT

Prints the keys, with blanks between them.
"""

import sys
from datetime import datetime

import django

from tests import payers

ACCOUNTS = 10
CONTEXT_TOKENS = 8192
OUTPUT_TOKENS = 4096
CONCURRENCY = 512


def main(upstream_port: int) -> None:
    """This will make everything and print the keys."""
    django.setup()
    from portal.kit import clock  # noqa: PLC0415 - Django is ready only now

    now = clock.now()
    _connect(upstream_port, now=now)
    print(*[payers.found(now=now).key for _ in range(ACCOUNTS)])


def _connect(port: int, *, now: datetime) -> None:
    from models_catalog import prices  # noqa: PLC0415 - Django is ready only now
    from models_catalog.models import ChatModel, Route, Upstream, Vendor  # noqa: PLC0415 - as above
    from models_catalog.pricing import Rates  # noqa: PLC0415 - as above
    from portal.kit.units import MICROCREDITS_PER_CREDIT, TOKENS_PER_PRICE  # noqa: PLC0415 - as above
    from tests.bench import wire  # noqa: PLC0415 - as above

    one_credit_a_token = MICROCREDITS_PER_CREDIT * TOKENS_PER_PRICE
    vendor, _ = Vendor.objects.get_or_create(slug="bench", defaults={"name": "Bench", "country": "CN"})
    upstream, _ = Upstream.objects.update_or_create(
        slug="bench",
        defaults={"name": "Bench", "base_url": f"http://127.0.0.1:{port}/v1", "concurrency": CONCURRENCY},
    )
    for name in wire.MODELS:
        room = {"context_tokens": CONTEXT_TOKENS, "max_output_tokens": OUTPUT_TOKENS}
        life = {"state": "available", "published_at": now}
        card = {"data_region": "this_machine", "retention": "nothing", "trains_on_data": False}
        card |= dict.fromkeys(("operated_by", "contract", "filing", "service_label"), "Bench")
        model, made = ChatModel.objects.get_or_create(
            slug=name, defaults={"vendor": vendor, "name": name} | room | life | card
        )
        if made:
            Route.objects.create(chat_model=model, upstream=upstream, upstream_model=name, priority=0)
            rates = Rates(in_fresh=one_credit_a_token, out_text=one_credit_a_token)
            prices.publish(model, rates=rates, active_from=now, by=None, now=now)


if __name__ == "__main__":
    main(int(sys.argv[1]))
