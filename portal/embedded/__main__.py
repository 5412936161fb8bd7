"""Runs the demo, as `manage.py demo` does but a second sooner; with `--only`, some servers for development.

    VAR_DIR=/tmp/v-me PORT=8100 python -m portal.embedded --only postgres,valkey

Ctrl-C stops them. Their data lies in VAR_DIR, Valkey listens on PORT + 3. Their addresses stand in
VAR_DIR/run.json, which the settings read: every command with the same VAR_DIR and PORT finds them.
"""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from portal.embedded import demonstration, postgres, valkey
from portal.embedded.trouble import Trouble


def main() -> None:
    """This will run until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m portal.embedded")
    parser.add_argument("--only", help="postgres, valkey or both, with a comma between them")
    only = parser.parse_args().only
    if only:
        _keep(only.split(","))
    else:
        demonstration.run()


def _keep(wanted: list[str]) -> None:
    var_dir = Path(os.environ.get("VAR_DIR", "var")).resolve()
    port = int(os.environ.get("PORT", "8000"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    running = {}
    database = cache = None
    try:
        if "postgres" in wanted:
            database = postgres.start(var_dir / "postgres")
            running["database_url"] = database.url
        if "valkey" in wanted:
            cache = valkey.start(var_dir / "valkey", port=port + 3)
            running["valkey_url"] = cache.url
        (var_dir / "run.json").write_text(json.dumps(running, indent=1))
        print(json.dumps(running, indent=1), flush=True)
        signal.pause()
    except Trouble as trouble:
        sys.exit(str(trouble))
    except KeyboardInterrupt:
        pass
    finally:
        if cache:
            valkey.stop(cache)
        if database:
            postgres.stop(database)


main()
