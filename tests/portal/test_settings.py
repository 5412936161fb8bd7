"""The settings as an operator meets them: https is strict by itself, and what is unsafe does not start."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

SHOW = """
import json
from django.conf import settings
names = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE", "ALLOWED_HOSTS")
print(json.dumps({name: getattr(settings, name) for name in names}))
"""


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "portal.settings"} | environment
    return subprocess.run(
        [sys.executable, *arguments], cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, check=False
    )


class TestHttps:
    def test_ties_cookies_to_this_very_host(self) -> None:
        shown = json.loads(run("-c", SHOW, BASE_URL="https://ai.example.com").stdout)
        assert shown == {
            "SESSION_COOKIE_NAME": "__Host-sessionid",
            "CSRF_COOKIE_NAME": "__Host-csrftoken",
            "SESSION_COOKIE_SECURE": True,
            "LANGUAGE_COOKIE_SECURE": True,
            "ALLOWED_HOSTS": ["127.0.0.1", "ai.example.com", "localhost"],
        }

    def test_passes_the_deployment_checks_without_a_warning(self) -> None:
        done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", BASE_URL="https://ai.example.com")
        assert done.returncode == 0, done.stderr


class TestDebug:
    def test_is_refused_where_strangers_come(self) -> None:
        done = run("manage.py", "check", DEBUG="on", BASE_URL="https://ai.example.com")
        assert done.returncode != 0
        assert "DEBUG shows strangers" in done.stderr

    def test_is_fine_on_this_machine(self) -> None:
        assert run("-c", SHOW, DEBUG="on").returncode == 0


class TestDemo:
    @pytest.mark.parametrize(
        "address", ["https://ai.example.com", "http://192.168.1.20:8000", "http://localhost.example"]
    )
    def test_is_refused_where_strangers_would_read_sign_in_codes(self, address: str) -> None:
        done = run("manage.py", "check", DEMO="on", BASE_URL=address)
        assert done.returncode != 0
        assert "DEMO shows everyone's sign-in codes" in done.stderr

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
    def test_is_fine_on_this_machine(self, host: str) -> None:
        done = run("-c", SHOW, DEMO="on", BASE_URL=f"http://{host}:8000")
        assert host in json.loads(done.stdout)["ALLOWED_HOSTS"]


class TestLogs:
    def test_tell_what_broke_in_the_portal(self, tmp_path: Path) -> None:
        code = "import django, logging; django.setup(); logging.getLogger('django.request').error('it broke')"
        assert "ERROR django.request: it broke" in run("-c", code, VAR_DIR=str(tmp_path)).stderr
