"""What the scripted upstream says: a short honest answer about the question, in its language, and its frames."""

import json
import re
from typing import Any

from portal.sandbox.upstream_scripts import Script, last_question, without_directive

TOPIC_CHARACTERS = 60
TOKENS_A_MESSAGE = 4
LETTERS_A_PIECE = 8
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_PIECE = re.compile(r"\s*(?:[\u3000-\u9fff\uff00-\uffef]{1,2}|[^\s\u3000-\u9fff\uff00-\uffef]{1,7})|\s+")

_ENGLISH = """You asked about **{topic}**.

I am *{name}*, the scripted model of this demo. I run on this machine and cannot think, so here is what a \
real answer would bring:

1. **The short answer first**, in one or two sentences.
2. **The reasons**, in an order that is easy to follow.
3. **An example** that you can try yourself.

```python
def answer(question: str) -> str:
    return f"A connected model would answer: {{question}}"
```

Each word above was streamed, counted and charged exactly like the words of a real model.
"""
_CHINESE_TEXT = """您问的是**{topic}**。

我是 *{name}*，本演示的脚本模型，只在这台机器上运行，不会思考。真正的回答会包括：

1. **先给结论**，一两句话说清楚。
2. **再讲原因**，按容易理解的顺序。
3. **举一个例子**，您可以自己试一试。

```python
def answer(question: str) -> str:
    return f"接入的模型会回答：{{question}}"
```

以上每个字都像真实模型一样逐字传送、计数并计费。
"""


def frames(
    request: dict[str, Any], script: Script, *, answer_id: str, created: int
) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """This will return the frames of a streamed answer: its beginning, its pieces, and finish, usage, end."""
    base = _base(request, answer_id=answer_id, created=created, kind="chat.completion.chunk")
    pieces, reason = _pieces(request, script)
    calling = _calling(request, script)
    asked_usage = (request.get("stream_options") or {}).get("include_usage")
    head = [_frame(base | _choice({"role": "assistant", "content": ""}))]
    body = [
        *(_frame(base | _choice({"reasoning_content": word})) for word in _thoughts(script)),
        *(_frame(base | _choice({"content": piece})) for piece in pieces),
        *(_frame(base | _choice({"tool_calls": [delta]})) for delta in calling),
    ]
    tail = [_frame(base | _choice({}, reason))]
    if asked_usage:
        tail.append(_frame(base | {"choices": [], "usage": usage(request, script, output=len(pieces) + len(calling))}))
    tail.append(b"data: [DONE]\n\n")
    return head, body, tail


def whole(request: dict[str, Any], script: Script, *, answer_id: str, created: int) -> tuple[dict[str, Any], int]:
    """This will return the body of an answer that is not streamed, and how many pieces it has."""
    pieces, reason = _pieces(request, script)
    message: dict[str, Any] = {"role": "assistant", "content": "".join(pieces)}
    if script.reasoning:
        message["reasoning_content"] = "".join(_thoughts(script))
    calling = _calling(request, script)
    if calling:
        arguments = "".join(delta["function"]["arguments"] for delta in calling)
        function = {"name": script.calls, "arguments": arguments}
        message["tool_calls"] = [{"id": calling[0]["id"], "type": "function", "function": function}]
    base = _base(request, answer_id=answer_id, created=created, kind="chat.completion")
    choices = [{"index": 0, "message": message, "finish_reason": reason}]
    counted = usage(request, script, output=len(pieces) + len(calling))
    answer = base | {"choices": choices} | ({"usage": counted} if script.fail != "no_usage" else {})
    return answer, len(pieces) + script.reasoning


def usage(request: dict[str, Any], script: Script, *, output: int) -> dict[str, Any]:
    """This will return the usage object, told wrongly where the script says so."""
    prompt = _prompt_tokens(request)
    completion = output + script.reasoning
    told: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": script.reasoning},
    }
    wrong: dict[str, dict[str, Any]] = {
        "negative": {"completion_tokens": -completion, "total_tokens": prompt - completion},
        "nan": {"completion_tokens": float("nan")},
        "text": {"completion_tokens": "many"},
        "float": {"completion_tokens": completion + 0.5},
        "null": {"completion_tokens": None, "prompt_tokens": None, "total_tokens": None},
        "huge": {"completion_tokens": 2**63, "total_tokens": 2**63 + prompt},
        "tenfold": {"completion_tokens": completion * 10, "total_tokens": prompt + completion * 10},
        "zero": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    }
    return told | wrong.get(script.fail.removesuffix("_and_silent"), {})


def _pieces(request: dict[str, Any], script: Script) -> tuple[list[str], str]:
    if script.words:
        words = [f"word{number}".ljust(script.letters, ".") for number in range(1, script.words + 1)]
        words += filter(None, script.backwards[::-1].split("_"))
        pieces = [words[0], *(f" {word}" for word in words[1:])]
    elif _calling(request, script):
        pieces = []
    else:
        pieces = _PIECE.findall(_text(without_directive(last_question(request)), name=script.name))
    limit = request.get("max_completion_tokens") or request.get("max_tokens")
    if limit is not None and len(pieces) + script.reasoning > int(limit):
        return pieces[: max(0, int(limit) - script.reasoning)], "length"
    return pieces, "tool_calls" if _calling(request, script) else "stop"


def _calling(request: dict[str, Any], script: Script) -> list[dict[str, Any]]:
    """The pieces of a call of the script's function, of which the first names it."""
    offered = {tool["function"]["name"] for tool in request.get("tools") or ()}
    if script.calls not in offered or request["messages"][-1].get("role") == "tool":
        return []
    told = json.dumps({"question": without_directive(last_question(request))})
    pieces = [told[start : start + LETTERS_A_PIECE] for start in range(0, len(told), LETTERS_A_PIECE)]
    head = {"index": 0, "id": "call_1", "type": "function", "function": {"name": script.calls, "arguments": ""}}
    return [head, *({"index": 0, "function": {"arguments": piece}} for piece in pieces)]


def _text(question: str, *, name: str) -> str:
    topic = re.sub(r"[*_`#\[\]<>|~]", "", " ".join(question.split()))[:TOPIC_CHARACTERS].rstrip("?？.。!！ ")
    chinese = bool(_CHINESE.search(question))
    return (_CHINESE_TEXT if chinese else _ENGLISH).format(
        topic=topic or ("（空）" if chinese else "nothing"), name=name
    )


def _thoughts(script: Script) -> list[str]:
    return [f"step {number} " for number in range(1, script.reasoning + 1)]


def _prompt_tokens(request: dict[str, Any]) -> int:
    text = [json.dumps(message.get("content"), ensure_ascii=False) for message in request["messages"]]
    return sum(len(_PIECE.findall(part)) + TOKENS_A_MESSAGE for part in text)


def _base(request: dict[str, Any], *, answer_id: str, created: int, kind: str) -> dict[str, Any]:
    return {"id": answer_id, "object": kind, "created": created, "model": request["model"]}


def _choice(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def _frame(content: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(content, ensure_ascii=False).encode() + b"\n\n"
