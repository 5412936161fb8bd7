"""Reads the list of models of an OpenAI-compatible upstream: names, and the sizes that some vendors add to them.

Sizes stand under the names that OpenRouter (`context_length`, `top_provider.max_completion_tokens`), vLLM
(`max_model_len`), Mistral (`max_context_length`) and Groq (`context_window`, `max_completion_tokens`) use.
"""

import json

from models_catalog.providers.base import BadAnswer, Json, Listed

MOST_MODELS = 500
LONGEST_NAME = 160
MOST_TOKENS = 100_000_000
_CONTEXT = ("context_length", "max_model_len", "max_context_length", "context_window")
_OUTPUT = ("max_completion_tokens", "max_output_tokens")


def read(text: bytes) -> tuple[Listed, ...]:
    """This will return the models of a list, each name once, in its order. Raises `BadAnswer`."""
    found = {model.name: model for row in _rows_of(text) if (model := _model_of(row)) is not None}
    return tuple(found.values())[:MOST_MODELS]


def _rows_of(text: bytes) -> list[object]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadAnswer from error
    rows = said.get("data") if isinstance(said, dict) else None
    if not isinstance(rows, list):
        raise BadAnswer
    return rows


def _model_of(row: object) -> Listed | None:
    name = row.get("id") if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        return None
    if not name.isprintable() or name != name.strip():
        return None
    inner = row.get("top_provider")
    places = [row, inner] if isinstance(inner, dict) else [row]
    return Listed(name, _tokens(places, _CONTEXT), _tokens(places, _OUTPUT))


def _tokens(places: list[Json], names: tuple[str, ...]) -> int:
    said = [place.get(name) for place in places for name in names]
    return next((each for each in said if type(each) is int and 0 < each <= MOST_TOKENS), 0)
