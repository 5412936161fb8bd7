"""Whether this process lives, and whether the whole portal is ready for people."""

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

PROBE_SECONDS = 2.0
WORKERS = "worker:calls@*"


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """This will say that the process answers, and nothing about what it needs."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """This will say, part by part, whether calls can be made now; 503 when one of them is missing."""
    parts = {name: check() for name, check in _PARTS.items()}
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


def _is_migrated() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False


def _answers_sql() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _answers_ping() -> bool:
    return _ask_valkey(lambda client: bool(client.ping()))


def _has_worker() -> bool:
    return _ask_valkey(lambda client: any(True for _ in client.scan_iter(WORKERS, count=1000)))


def _ask_valkey(question: "Callable[[redis.Redis], bool]") -> bool:
    client = redis.Redis.from_url(
        settings.VALKEY_URL, socket_timeout=PROBE_SECONDS, socket_connect_timeout=PROBE_SECONDS
    )
    try:
        return question(client)
    except redis.RedisError:
        return False
    finally:
        client.close()


_PARTS: dict[str, Callable[[], bool]] = {
    "database": _answers_sql,
    "migrations": _is_migrated,
    "valkey": _answers_ping,
    "calls_worker": _has_worker,
}
