"""Who takes part: the bare upstream as the measure, nginx, LiteLLM's proxy and this portal."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.bench import wire
from tests.bench.processes import Group, free_port

TOP = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 120.0
INSTALL_SECONDS = 600.0
SEED_SECONDS = 120.0
LITELLM = "litellm[proxy]==1.106.2"
BESIDE_LITELLM = (
    "opentelemetry-api",
    "opentelemetry-sdk",
    "opentelemetry-exporter-otlp",
    "httptools",
    "uvloop",
)
"""Without them LiteLLM looks for missing modules on every request and costs half as much again."""

NGINX = """
daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log stderr error; {user}
events {{ worker_connections 2048; }}
http {{
  access_log off; keepalive_requests 10000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream models {{ server 127.0.0.1:{upstream}; keepalive 512; keepalive_requests 10000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{
      proxy_pass http://models; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_read_timeout 60s;
    }}
  }}
}}
"""


class Missing(Exception):
    """A contender that cannot take part on this machine, and what would help."""


@dataclass(frozen=True)
class Contender:
    """One who answers `/v1/chat/completions` on a loopback port, and the processes that it costs."""

    name: str
    port: int
    group: Group
    keys: str = "sk-bench"


def upstream(folder: Path) -> Contender:
    """This will start the upstream that stands behind everyone."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.upstream", str(port)]
    started = Contender("direct", port, Group("upstream", command, folder=folder, environment={}))
    return _ready(started, "/")


def nginx(folder: Path, *, upstream_port: int) -> Contender:
    """This will start nginx with two workers: what a proxy costs that only copies. Raises `Missing`."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if not program:
        message = "nginx is not installed (Debian: apt-get install nginx-light)"
        raise Missing(message)
    port, home = free_port(), folder / "nginx"
    home.mkdir(exist_ok=True)
    user = "user root;" if os.geteuid() == 0 else ""
    settings = home / "nginx.conf"
    settings.write_text(NGINX.format(folder=home, port=port, upstream=upstream_port, user=user), encoding="ascii")
    command = [program, "-p", str(home), "-c", str(settings)]
    return _ready(Contender("nginx", port, Group("nginx", command, folder=folder, environment={})), "/")


def litellm(folder: Path, *, upstream_port: int) -> Contender:
    """This will start LiteLLM's proxy, two workers without a database, at its fairest. Raises `Missing`."""
    home = folder / "litellm"
    if not (home / "bin" / "litellm").exists():
        _install_litellm(home)
    port, settings = free_port(), folder / "litellm.json"
    route = {"api_base": f"http://127.0.0.1:{upstream_port}/v1", "api_key": "sk-bench"}
    models = [{"model_name": name, "litellm_params": {"model": f"openai/{name}", **route}} for name in wire.MODELS]
    settings.write_text(json.dumps({"model_list": models}), encoding="ascii")  # JSON is YAML too
    environment = {
        "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",  # no key to check is less work for it
        "DISABLE_ADMIN_UI": "True",
        "NO_PROXY": "127.0.0.1",
    }
    command = [str(home / "bin" / "litellm"), "--config", str(settings), "--host", "127.0.0.1"]
    command += ["--port", str(port), "--num_workers", "2", "--telemetry", "False"]
    group = Group("litellm", command, folder=folder, environment=environment)
    return _ready(Contender("litellm", port, group), "/health/liveliness")


def portal(folder: Path, *, upstream_port: int) -> Contender:
    """This will start this portal as `make demo` does, with servers of its own. Raises `Missing`."""
    port, home = free_port(count=8), folder / "portal"
    shutil.rmtree(home, ignore_errors=True)
    environment = {"VAR_DIR": str(home), "PORT": str(port), "BASE_URL": f"http://127.0.0.1:{port}"}
    environment |= {"DATABASE_URL": "", "VALKEY_URL": "", "DJANGO_SETTINGS_MODULE": "portal.settings"}
    command = [sys.executable, str(TOP / "manage.py"), "demo"]
    group = Group("portal", command, folder=folder, environment=environment)
    _ready(Contender("portal", port, group), "/readyz")
    try:
        keys = _seed(environment, upstream_port=upstream_port)
    except Missing:
        group.stop()
        raise
    return Contender("portal", port, group, keys)


def _seed(environment: dict[str, str], *, upstream_port: int) -> str:
    command = [sys.executable, "-m", "tests.bench.seed", str(upstream_port)]
    answer = subprocess.run(
        command,
        cwd=TOP,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=SEED_SECONDS,
        check=False,
    )
    if answer.returncode:
        message = f"the portal could not be filled: {answer.stderr.strip()[-800:]}"
        raise Missing(message)
    return answer.stdout.strip().splitlines()[-1]


def _install_litellm(home: Path) -> None:
    uv = shutil.which("uv") or str(TOP / ".tools" / "bin" / "uv")
    steps = [
        [uv, "venv", "-q", "--clear", "--python", sys.executable, str(home)],
        [uv, "pip", "install", "-q", "--python", str(home), "--compile-bytecode", LITELLM, *BESIDE_LITELLM],
    ]
    print("Installing LiteLLM's proxy into a place of its own, once ...", flush=True)
    for step in steps:
        try:
            subprocess.run(step, check=True, timeout=INSTALL_SECONDS)
        except (OSError, subprocess.SubprocessError) as error:
            shutil.rmtree(home, ignore_errors=True)
            message = f"LiteLLM could not be installed: {error}"
            raise Missing(message) from error


def _ready(contender: Contender, path: str) -> Contender:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and contender.group.process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{contender.port}{path}", timeout=2).close()
        except OSError:
            time.sleep(0.2)
        else:
            return contender
    log = contender.group.log.read_text(encoding="utf-8", errors="replace")
    contender.group.stop()
    message = f"{contender.name} did not start: {log[-800:]}"
    raise Missing(message)
