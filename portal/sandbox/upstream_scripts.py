"""How the scripted upstream behaves: by the name of the model, changed by a directive in the question.

[[script words=20 gap_ms=5]]      twenty words, five milliseconds apart
[[script words=30 backwards=sgurd_yuB]]  thirty words, then "Buy drugs"
[[script calls=look_up]]          calls that function, if it is on offer, until it is told what came of it
[[script fail=500 times=1]]       fails once for each request id, then answers
[[script fail=cut after=3]]       breaks the connection after three pieces
model "script:words=20,fail=cut"  the same, without touching the question
/script:fail=html,key=9f3c/v1/…   the same for all that is asked below this address, the list of models too
"""

import re
from dataclasses import dataclass, fields, replace
from typing import Any, Self

_SEGMENT = re.compile(r"/script:([^/]*)/")
_DIRECTIVE = re.compile(r"\[\[script\s+([^\]]*)\]\]")


@dataclass(frozen=True)
class Script:
    """`words` 0 means a sensible answer; `letters` is how long each word is at least.

    `backwards` stands after the words, turned around and with "_" for each space. `after` is the piece
    before which a fault strikes. `calls` is the function that is called, after the words if there are any.
    `key` is how the only key that is accepted ends, where there is one.
    """

    words: int = 0
    letters: int = 0
    backwards: str = ""
    calls: str = ""
    gap_ms: float = 1000 / 60
    first_ms: float = 150.0
    reasoning: int = 0
    fail: str = ""
    after: int = 3
    times: int = 0
    wait_seconds: float = 0.0
    key: str = ""
    name: str = "Demo Fast"

    def healed(self) -> Self:
        """This will return the same script without its fault."""
        return replace(self, fail="")


MODELS = {
    "demo-everyday": Script(gap_ms=1000 / 40, name="Demo Everyday"),
    "demo-fast": Script(name="Demo Fast"),
    "demo-deep": Script(gap_ms=1000 / 20, first_ms=600.0, reasoning=12, name="Demo Deep"),
    "demo-instant": Script(gap_ms=0.0, first_ms=0.0, words=20, name="Demo Instant"),
}
_KINDS = {field.name: field.type for field in fields(Script)}


def script_of(request: dict[str, Any]) -> Script:
    """This will return the script that the request asks for. Raises `ValueError` when it cannot be read."""
    model = str(request["model"])
    script = MODELS.get(model, MODELS["demo-fast"])
    if model.startswith("script:"):
        script = _changed(MODELS["demo-instant"], model.removeprefix("script:").replace(",", " "))
    found = _DIRECTIVE.search(last_question(request))
    return _changed(script, found[1]) if found else script


def script_in(path: str) -> Script | None:
    """This will return the script that stands in an address, if one does. Raises `ValueError`, as above."""
    found = _SEGMENT.search(path)
    return _changed(MODELS["demo-instant"], found[1].replace(",", " ")) if found else None


def last_question(request: dict[str, Any]) -> str:
    """This will return the text of the last message of a person."""
    said = [message for message in request["messages"] if message.get("role") == "user"]
    content = said[-1].get("content") if said else ""
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content)
    return str(content or "")


def without_directive(question: str) -> str:
    """This will return the question as a person meant it."""
    return _DIRECTIVE.sub("", question).strip()


def _changed(script: Script, words: str) -> Script:
    changes: dict[str, Any] = {}
    for word in words.split():
        name, _, value = word.partition("=")
        if name not in _KINDS:
            wrong = f"no such word in a script: {name}"
            raise ValueError(wrong)
        kind = type(getattr(script, name))
        changes[name] = kind(value)
    return replace(script, **changes)
