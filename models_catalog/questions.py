"""The seven questions that a buyer asks of a model, answered by its own facts; the sentences are in the template."""

from dataclasses import dataclass
from enum import StrEnum

from models_catalog.cards import Card
from models_catalog.models import Capability, State


class Charge(StrEnum):
    """How something beside text is charged."""

    NOTHING_TO_CHARGE = "none"
    LIKE_TEXT = "like_text"
    APART = "apart"
    UNKNOWN = "unknown"


class Footing(StrEnum):
    """How far one may rely on a model's being there tomorrow."""

    ANNOUNCED = "announced"
    PREVIEW = "preview"
    STEADY = "steady"
    LEAVING = "leaving"
    RESTING = "resting"
    GONE = "gone"


@dataclass(frozen=True)
class Answers:
    """What is decided before the sentences are written."""

    other_versions: int
    pictures: Charge
    sound: Charge
    drawing: Charge
    speaking: Charge
    has_tools: bool
    footing: Footing


def answers(card: Card) -> Answers:
    """This will decide the answers for a model."""
    return Answers(
        other_versions=max(len(card.versions) - 1, 0),
        pictures=_charge(card, Capability.IMAGES, "in_image"),
        sound=_charge(card, Capability.AUDIO, "in_audio"),
        drawing=_charge(card, Capability.IMAGE_OUTPUT, "out_image"),
        speaking=_charge(card, Capability.AUDIO_OUTPUT, "out_audio"),
        has_tools=Capability.TOOLS in card.model.capabilities,
        footing=_footing(card),
    )


def _charge(card: Card, capability: Capability, name: str) -> Charge:
    if capability not in card.model.capabilities:
        return Charge.NOTHING_TO_CHARGE
    if card.prices.now is None:
        return Charge.UNKNOWN
    line = next(line for line in card.prices.now.charges.lines if line.name == name)
    return Charge.LIKE_TEXT if line.billed_as else Charge.APART


def _footing(card: Card) -> Footing:
    """An end counts first, whether calls go through today or not."""
    ends = {State.RETIRED: Footing.GONE, State.DEPRECATED: Footing.LEAVING}
    if card.model.state in ends:
        return ends[State(card.model.state)]
    if not card.is_callable:
        return Footing.RESTING if card.is_resting else Footing.ANNOUNCED
    return Footing.PREVIEW if card.model.state == State.PREVIEW else Footing.STEADY
