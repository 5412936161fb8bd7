"""Counts tokens: reads what vendors say of usage into exclusive classes, and estimates where they do not. Pure."""

from dataclasses import dataclass, replace
from typing import Any

import msgspec

from models_catalog.pricing import Usage
from models_catalog.providers.base import ChatRequest
from portal.kit.units import divide_up

Json = dict[str, Any]

LARGEST_TOKENS = 10**12
BYTES_PER_TOKEN = 4
TOKENS_PER_MESSAGE = 16
TOKENS_PER_REQUEST = 64
"""What a model's template may add of its own, such as a system prompt where none was given."""
OPENAI_COMPATIBLE = "openai_compatible"
BESIDE_OUTPUT = "reasoning_beside_output"


class UnreadableUsage(Exception):
    """The vendor said nothing about usage, or nothing that can be true."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a call used; `estimated` when we counted because the vendor did not."""

    usage: Usage
    estimated: bool


def prompt_bound(request: ChatRequest) -> int:
    """This will return the most tokens that the prompt of `request` can have.

    A byte-level tokenizer never makes more tokens than there are UTF-8 bytes (reliability: how much to hold).
    """
    size = sum(_text_bytes(message) for message in request.messages)
    for extra in (request.tools, request.response_format, request.tool_choice):
        if extra:
            size += len(msgspec.json.encode(extra))
    return size + TOKENS_PER_REQUEST + TOKENS_PER_MESSAGE * len(request.messages)


def measure(raw: Json | None, *, dialect: str, prompt_tokens: int, answer_bytes: int) -> Measured:
    """This will read the vendor's usage, or estimate it when it is missing, unreadable or wrongly zero.

    `prompt_tokens` is our own count of the prompt, `answer_bytes` what arrived of the answer.
    """
    try:
        usage = normalize(raw, dialect=dialect)
    except UnreadableUsage:
        return Measured(estimate(prompt_tokens=prompt_tokens, answer_bytes=answer_bytes), estimated=True)
    if answer_bytes and not (usage.output_tokens and usage.input_tokens):
        return Measured(estimate(prompt_tokens=prompt_tokens, answer_bytes=answer_bytes), estimated=True)
    return Measured(usage, estimated=False)


def estimate(*, prompt_tokens: int, answer_bytes: int) -> Usage:
    """This will count an answer by its bytes; in doubt the customer wins, so a token has four."""
    return Usage(in_fresh=prompt_tokens, out_text=divide_up(answer_bytes, BYTES_PER_TOKEN))


def estimated_prompt(bound: int) -> int:
    """This will return a fair count of a prompt of which only the bound is known."""
    return divide_up(bound, BYTES_PER_TOKEN)


def normalize(raw: Json | None, *, dialect: str) -> Usage:
    """This will sort a vendor's usage into exclusive classes by its dialect, never by field presence.

    Raises `UnreadableUsage`. The rules are those of LLM gateways' shared pitfalls: details are subsets of
    prompt and completion, totals replace, and what a larger total leaves over was reasoning.
    """
    if not isinstance(raw, dict):
        raise UnreadableUsage
    prompt, completion = _count(raw, "prompt_tokens"), _count(raw, "completion_tokens")
    read, written = _cached(raw, prompt)
    inward = _inner(raw, "prompt_tokens_details", ("image_tokens", "audio_tokens"))
    outward = _inner(raw, "completion_tokens_details", ("reasoning_tokens", "image_tokens", "audio_tokens"))
    image_in, audio_in = _within(prompt - read - written, inward)
    reasoning, image_out, audio_out = outward
    if dialect == BESIDE_OUTPUT:
        completion += reasoning
    reasoning, image_out, audio_out = _within(completion, [reasoning, image_out, audio_out])
    usage = Usage(
        in_fresh=prompt - read - written - image_in - audio_in,
        cache_read=read,
        cache_write_5m=written,
        in_image=image_in,
        in_audio=audio_in,
        out_text=completion - reasoning - image_out - audio_out,
        out_reasoning=reasoning,
        out_image=image_out,
        out_audio=audio_out,
    )
    return _with_total(usage, raw)


def is_readable(raw: Json, *, dialect: str) -> bool:
    """This will tell whether a vendor's usage can be true."""
    try:
        normalize(raw, dialect=dialect)
    except UnreadableUsage:
        return False
    return True


def _with_total(usage: Usage, raw: Json) -> Usage:
    total = _optional(raw, "total_tokens")
    missing = total - usage.input_tokens - usage.output_tokens
    if missing <= 0:
        return usage
    return replace(usage, out_reasoning=usage.out_reasoning + missing)


def _cached(raw: Json, prompt: int) -> tuple[int, int]:
    details = raw.get("prompt_tokens_details") or {}
    if not isinstance(details, dict):
        raise UnreadableUsage
    read = max(
        _optional(details, "cached_tokens"),
        _optional(raw, "prompt_cache_hit_tokens"),
        _optional(raw, "cached_tokens"),
    )
    written = max(_optional(details, "cache_write_tokens"), _optional(details, "cache_creation_input_tokens"))
    read = min(read, prompt)
    return read, min(written, prompt - read)


def _inner(raw: Json, name: str, fields: tuple[str, ...]) -> list[int]:
    details = raw.get(name) or {}
    if not isinstance(details, dict):
        raise UnreadableUsage
    return [_optional(details, field) for field in fields]


def _within(whole: int, parts: list[int]) -> list[int]:
    kept = []
    for part in parts:
        kept.append(min(part, whole))
        whole -= kept[-1]
    return kept


def _optional(raw: Json, name: str) -> int:
    return 0 if raw.get(name) is None else _count(raw, name)


def _count(raw: Json, name: str) -> int:
    value = raw.get(name)
    if type(value) is not int or not 0 <= value <= LARGEST_TOKENS:
        raise UnreadableUsage
    return value


def _text_bytes(message: Json) -> int:
    content = message.get("content")
    if isinstance(content, str) and len(message) == 2:  # noqa: PLR2004 - role and content, the common case
        return len(content.encode())
    return len(msgspec.json.encode(message))
