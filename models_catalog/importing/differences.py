"""What a file of models would change here: field by field, and never what was edited by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec

from models_catalog.importing.seed_files import Seed, SeedModel, Told
from models_catalog.models import ChatModel
from models_catalog.models.chat_model import Capability, State

TEXTS = ("name", "family", "summary", "summary_zh", "good_for", "good_for_zh", "tokenizer")
FIGURES = ("context_tokens", "max_output_tokens", "capabilities", "released_date", "retires_date")
REVIEWED = "reviewed by hand"
BLANK: tuple[Any, ...] = ("", [], None, 0)
LONGEST_SHOWN = 60

Plain = str | int | list[str] | None
Records = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Change:
    """A field that says something else than the file; `old` is what stands here."""

    slug: str
    field: str
    old: Plain
    new: Plain

    def __str__(self) -> str:
        return f"{self.slug}: {self.field}: {_shown(self.old)} → {_shown(self.new)}"


@dataclass(frozen=True)
class Difference:
    """What the file says of one model beside what stands here; `records` is what `ChatModel.imported` becomes."""

    slug: str
    changes: list[Change] = field(default_factory=list)
    kept: list[Change] = field(default_factory=list)
    records: Records = field(default_factory=dict)


def told_of(model: SeedModel, seed: Seed) -> dict[str, Told[Any]]:
    """This will return what the file tells of a model by field, each with its source and date."""
    reviewed = {
        name: Told(value=getattr(model, name), source=REVIEWED, date=seed.reviewed_date)
        for name in TEXTS
        if getattr(model, name) not in BLANK
    }
    return reviewed | {name: getattr(model, name) for name in FIGURES if getattr(model, name) is not None}


def record_of(told: Told[Any], *, field: str) -> dict[str, Any]:
    """This will write a figure as `ChatModel.imported` keeps it: value, source and date."""
    return {"value": plain(field, told.value), "source": told.source, "date": told.date.isoformat()}


def between(model: ChatModel, told: Mapping[str, Told[Any]]) -> Difference:
    """This will compare a model with what the file tells of it.

    A field is changed when it says what the last import wrote, or when it is empty and was never imported;
    otherwise somebody edited it here, and it stays. The end of a model that is more than announced is told to
    those who use it, so that only people move it.
    """
    found = Difference(slug=model.slug)
    for name, said in told.items():
        here, new, last = plain(name, getattr(model, name)), plain(name, said.value), model.imported.get(name)
        change = Change(slug=model.slug, field=name, old=here, new=new)
        is_ours = here in BLANK if last is None else here == last["value"]
        if name == "retires_date" and model.state != State.ANNOUNCED:
            is_ours = False
        if here != new and not is_ours:
            found.kept.append(change)
            continue
        if here != new:
            found.changes.append(change)
        found.records[name] = record_of(said, field=name)
    _keep_answers_within_context(model, found)
    return found


def plain(field: str, value: Any) -> Plain:
    """This will write a value as JSON keeps it; capabilities stand in the order of the house."""
    if field == "capabilities":
        return [name for name in Capability.values if name in value]
    if isinstance(value, date):
        return value.isoformat()
    built: Plain = msgspec.to_builtins(value)
    return built


def _keep_answers_within_context(model: ChatModel, found: Difference) -> None:
    """Where one of the two was edited here, the other one must still fit to it."""
    room = {change.field: change for change in found.changes if change.field in {"context_tokens", "max_output_tokens"}}
    context, longest = (
        int(str(room[name].new)) if name in room else getattr(model, name)
        for name in ("context_tokens", "max_output_tokens")
    )
    if longest > context:
        for name, change in room.items():
            found.changes.remove(change)
            found.kept.append(change)
            del found.records[name]


def _shown(value: Plain) -> str:
    if value in BLANK:
        return "nothing"
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
