"""Keeps the embedded servers up in the foreground, for development: Ctrl-C stops them.

    VAR_DIR=/tmp/v-me PORT=8100 python -m portal.embedded --only postgres,valkey

Their data lies in VAR_DIR, Valkey listens on PORT + 3. Their addresses stand in VAR_DIR/run.json, which
portal/settings.py reads: every command with the same VAR_DIR and PORT finds them.
"""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from portal.embedded import postgres, valkey
from portal.embedded.trouble import Trouble


def main() -> None:
    """This will start the wanted servers and wait for Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m portal.embedded")
    parser.add_argument("--only", default="postgres,valkey")
    wanted = parser.parse_args().only.split(",")
    var_dir = Path(os.environ.get("VAR_DIR", "var")).resolve()
    port = int(os.environ.get("PORT", "8000"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.pthread_sigmask(signal.SIG_BLOCK, [])
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
