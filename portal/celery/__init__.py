"""The worker application: acknowledges early, never retries, keeps nothing; PostgreSQL holds the truth."""

import os

import django
from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()  # the pool, which Celery imports before it sets Django up, needs the models

from portal.celery import logs  # noqa: E402 - after the setup above
from portal.celery.presence import Presence  # noqa: E402 - as above
from portal.celery.timetable import TIMETABLE  # noqa: E402 - as above

JOBS_QUEUE = "jobs"
VISIBILITY_SECONDS = 86_400  # never hand a message out twice because a call took long

app = Celery("portal")
app.conf.update(
    broker_url=settings.VALKEY_URL,
    broker_connection_retry=True,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={"visibility_timeout": VISIBILITY_SECONDS, "priority_steps": [0]},
    task_default_queue=JOBS_QUEUE,
    task_ignore_result=True,
    task_acks_late=False,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    beat_schedule=TIMETABLE,
    timezone="UTC",
)
app.steps["consumer"].add(Presence)
logs.install()
app.autodiscover_tasks(["accounts", "models_catalog", "plans", "usage"])
