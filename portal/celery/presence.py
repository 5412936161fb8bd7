"""A worker that consumes says so in Valkey every second or two; silence means that it does not."""

from typing import Any

from celery import bootsteps

EVERY_SECONDS = 2.0
LIFE_MILLISECONDS = 10_000


def sign_of(worker: str) -> tuple[str, str, int, str, int]:
    """This will return the command that says that `worker` consumes."""
    return ("SET", f"worker:{worker}", 1, "PX", LIFE_MILLISECONDS)


class Presence(bootsteps.StartStopStep):
    """Gives that sign from the loop that consumes, for as long as its connection lives."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, consumer: Any) -> None:
        """This will give the first sign and go on until the connection is lost."""
        self._tell(consumer)
        self._entry = consumer.timer.call_repeatedly(EVERY_SECONDS, self._tell, (consumer,))

    def stop(self, _consumer: Any) -> None:
        """This will give no further sign; the last one fades."""
        if entry := getattr(self, "_entry", None):
            entry.cancel()

    def shutdown(self, consumer: Any) -> None:
        """This will do what `stop` does."""
        self.stop(consumer)

    def _tell(self, consumer: Any) -> None:
        with consumer.connection.default_channel.conn_or_acquire() as client:
            client.execute_command(*sign_of(consumer.hostname))
