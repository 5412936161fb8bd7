"""The demo in the foreground: starts the whole portal, says where it is and who may sign in."""

import os
import sys

from portal.embedded import logins, place, running
from portal.embedded.trouble import Trouble


def run() -> None:
    """This will run the demo until Ctrl-C; a trouble is one line and exit status 1."""
    os.environ["DEMO"] = "on"
    where = place.from_environment()

    def ready(seconds: float) -> None:
        print(f"{logins.show(where.var_dir, url=where.url)}\n\nReady in {seconds:.1f} s. Ctrl-C stops everything.")
        sys.stdout.flush()

    try:
        running.run(running.Portal(where, say=_say, ready=ready))
    except Trouble as trouble:
        sys.exit(str(trouble))


def _say(line: str) -> None:
    print(line, flush=True)
