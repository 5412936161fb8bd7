"""Reads a setting from the environment, from the file that `NAME_FILE` names, or from `var/`."""

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

SECRET_BYTES = 48


def text(name: str, default: str = "") -> str:
    """This will return the value of `name`, or the content of the file that `name`_FILE points at."""
    if name in os.environ:
        return os.environ[name]
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return default


def flag(name: str, *, default: str = "off") -> bool:
    """This will return whether `name` is switched on; a word that is neither on nor off is refused."""
    word = text(name, default).lower()
    if word in {"1", "on", "yes", "true"}:
        return True
    if word in {"0", "off", "no", "false", ""}:
        return False
    message = f"{name} is {word!r}; write on or off."
    raise ValueError(message)


def number(name: str, default: float) -> float:
    """This will return `name` as a number; anything else is refused with the name of the setting."""
    word = text(name, str(default))
    try:
        return float(word)
    except ValueError as error:
        message = f"{name} is {word!r}; write a number."
        raise ValueError(message) from error


def hook(name: str) -> tuple[str, str]:
    """This will return where a hook is told, and the secret that signs what it is told; empty where it has none."""
    return text(f"{name}_HOOK_URL"), text(f"{name}_HOOK_SECRET")


def random_word() -> str:
    """This will make a secret that nobody guesses."""
    return secrets.token_urlsafe(SECRET_BYTES)


def secret(name: str, *, folder: Path, make: Callable[[], str] = random_word) -> str:
    """This will return the secret `name`; without one in the environment it is made once and kept in `folder`."""
    if value := text(name):
        return value
    path = folder / name.lower()
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return _keep_secret(path, make())


def running(name: str, *, folder: Path) -> str:
    """This will return what the embedded servers wrote down about themselves in `run.json`, or nothing."""
    try:
        return str(json.loads((folder / "run.json").read_text(encoding="utf-8")).get(name, ""))
    except FileNotFoundError:
        return ""


def _keep_secret(path: Path, value: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(f".{os.getpid()}")
    scratch.touch(mode=0o600)
    scratch.write_text(value, encoding="ascii")
    try:  # a hard link fails when another process was first, whose secret then counts
        os.link(scratch, path)
    except FileExistsError:
        value = path.read_text(encoding="ascii").strip()
    finally:
        scratch.unlink()
    return value
