"""The receipt of a call: what it used, at which price, and which lots it drew on; the figures add up."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID

from models_catalog.models import Price, PriceTier
from models_catalog.pricing import USAGE_CLASSES
from plans.models import Lot
from portal.kit.units import TOKENS_PER_PRICE, Microcredits
from usage import codes
from usage.models import AssistantCall, AssistantVersion, Attempt, Call, CallLot


@dataclass(frozen=True)
class Line:
    """One token class: `tokens` at `rate` microcredits per million tokens, rounded down to whole ones."""

    token_class: str
    tokens: int
    rate: int
    amount: Microcredits


@dataclass(frozen=True)
class Drawn:
    """What a call drew from one lot, with its name in the reader's language."""

    lot_id: int
    label: str
    amount_microcredits: Microcredits
    available_before_microcredits: Microcredits
    available_after_microcredits: Microcredits


@dataclass(frozen=True)
class Receipt:
    """Everything that a call used, cost and drew on.

    The lines and `per_request` and `rounding` add up to `cost`; `cost` less `forgiven` is what was charged,
    which is the sum of the lots drawn.
    """

    call: Call
    lines: Sequence[Line]
    per_request: Microcredits
    rounding: Microcredits
    cost: Microcredits
    forgiven: Microcredits
    lots: Sequence[Drawn]
    restored: Microcredits
    """What staff gave back for it afterwards."""
    attempts: Sequence[Attempt]
    assistant: AssistantVersion | None
    """Through which assistant it was asked; None for a model that was asked by its name."""
    window: Price | None = None
    """The row of the hours that rated the call, where one did."""
    from_input_tokens: int | None = None
    """Where the tier begins that rated it, if one did."""

    @property
    def code(self) -> str:
        """The short code of the call, to be read out on the phone."""
        return codes.code_of(self.call.pk)

    @property
    def vendor_tokens(self) -> int | None:
        """All tokens as the vendor added them up; None when it did not."""
        raw = self.attempts[-1].raw_usage if self.attempts else None
        total = raw.get("total_tokens") if isinstance(raw, dict) else None
        return total if isinstance(total, int) else None

    @property
    def checks(self) -> bool | None:
        """Whether our exclusive classes add up to the vendor's own sum; None when there is none to compare with."""
        if self.vendor_tokens is None or self.call.estimated:
            return None
        return self.call.input_tokens + self.call.output_tokens == self.vendor_tokens

    @property
    def raw_usages(self) -> list[str]:
        """What the vendors said of usage, attempt by attempt, as it came."""
        return [json.dumps(each.raw_usage, indent=2) for each in self.attempts if each.raw_usage is not None]

    @property
    def asked_after(self) -> int | None:
        """Milliseconds from the question until a vendor was asked first; None when none was."""
        return _milliseconds(self.call.opened_at, self.attempts[0].started_at) if self.attempts else None

    @property
    def accepted_after(self) -> int | None:
        """Milliseconds from the question to the vendor's acceptance; None when it was never accepted."""
        return _milliseconds(self.call.opened_at, self.call.accepted_at) if self.call.accepted_at else None

    @property
    def first_token_after(self) -> int | None:
        """Milliseconds from the question to the first token; the worker counts from when it took the call."""
        if self.call.first_token_milliseconds is None or not self.attempts:
            return None
        begun = _milliseconds(self.call.opened_at, self.attempts[0].started_at)
        return min(begun + self.call.first_token_milliseconds, self.ended_after)  # two clocks: never after the end

    @property
    def ended_after(self) -> int:
        """Milliseconds from the question to the end."""
        return _milliseconds(self.call.opened_at, self.call.ended_at)

    @property
    def released(self) -> Microcredits:
        """What had been set aside and was not charged."""
        return Microcredits(self.call.held_microcredits - self.call.charged_microcredits)

    @property
    def charged(self) -> Microcredits:
        """This will return what was charged."""
        return Microcredits(self.call.charged_microcredits)


def of(call: Call) -> Receipt:
    """This will put together the receipt of a call that has ended."""
    tier = _tier_of(call)
    rated: Price | PriceTier = tier or call.price
    lines = [
        Line(name, tokens, rate, Microcredits(tokens * rate // TOKENS_PER_PRICE))
        for name in USAGE_CLASSES
        if (tokens := getattr(call, name)) and (rate := getattr(rated, name)) is not None
    ]
    exact = sum(line.tokens * line.rate for line in lines)
    per_request = Microcredits(rated.per_request if call.state == Call.State.SETTLED else 0)
    cost = Microcredits(-(-exact // TOKENS_PER_PRICE) + per_request)
    return Receipt(
        call=call,
        lines=lines,
        per_request=per_request,
        rounding=Microcredits(cost - per_request - sum(line.amount for line in lines)),
        cost=cost,
        forgiven=Microcredits(cost - call.charged_microcredits),
        lots=list(_drawn(call)),
        restored=Microcredits(
            Lot.objects.filter(dedupe_key=f"restore:{call.pk}").values_list("granted", flat=True).first() or 0
        ),
        attempts=list(Attempt.objects.filter(call_id=call.pk).order_by("position")),
        assistant=assistants_of([call]).get(call.pk),
        window=None if call.price.base_id is None else call.price,
        from_input_tokens=None if tier is None else tier.from_input_tokens,
    )


def assistants_of(calls: Sequence[Call]) -> dict[UUID, AssistantVersion]:
    """This will return through which assistants calls were asked; who asked a model by its name is not in it."""
    rows = AssistantCall.objects.filter(pk__in=[call.pk for call in calls]).select_related("version__assistant")
    return {row.call_id: row.version for row in rows}


def _tier_of(call: Call) -> PriceTier | None:
    tiers = PriceTier.objects.filter(price_id=call.price_id, from_input_tokens__lte=call.input_tokens)
    return tiers.order_by("-from_input_tokens").first()


def _milliseconds(start: datetime, end: datetime) -> int:
    return max(0, (end - start) // timedelta(milliseconds=1))


def _drawn(call: Call) -> list[Drawn]:
    lots = CallLot.objects.filter(call_id=call.pk).annotate(label=Lot.shown_name(of="lot__")).order_by("ord")
    return [Drawn(**row) for row in lots.values(*(field.name for field in fields(Drawn)))]
