"""What reading a text and answering it costs at each model, from how its tokens were counted or estimated."""

from dataclasses import dataclass
from decimal import Decimal

from models_catalog import catalog, price_cards, pricing, tokenizers
from models_catalog.catalog import Offer
from models_catalog.models import ChatModel, CreditPrice
from models_catalog.models.chat_model import Tokenizer
from models_catalog.pricing import Usage
from models_catalog.tokenizers import Count
from portal.kit.refusals import Refusal
from portal.kit.units import Microcredits, divide_up
from usage.texts import Answer

MOST_ROWS = 30
MOST_PIECES = 600
THIRDS = 3
EXAMPLES = {
    "english": (
        "The moon does fall, all the time. But it also flies sideways, fast enough that it misses the earth again and "
        "again. Throw a ball, and it comes down in an arc; throw it hard enough, and the ground curves away beneath it "
        "as quickly as the ball falls. That is what an orbit is: falling without ever arriving."
    ),
    "chinese": (
        "月亮其实一直在往下掉。不过它同时也在往旁边飞，飞得足够快，所以一次又一次地与地球擦肩而过。"
        "把球扔出去，它会划一道弧线落地；要是扔得足够用力，脚下的地面向下弯的速度就和球下落的速度一样快。"
        "这就是轨道：一直在下落，却永远落不到地上。"
    ),
}
"""The same words in two languages, to begin with."""


@dataclass(frozen=True)
class Split:
    """How one vocabulary splits the text; `unseen` tokens are counted but not shown."""

    label: str
    count: Count
    per_character: Decimal

    @property
    def unseen(self) -> int:
        """How many tokens stand after the last piece that is shown."""
        return self.count.tokens - sum(piece.tokens for piece in self.count.pieces)


@dataclass(frozen=True)
class Row:
    """What one model takes: in microcredits and in minor units; None where it cannot be called or nothing is sold."""

    model: ChatModel
    count: Count
    reading: Microcredits | None = None
    answering: Microcredits | None = None
    money: Decimal | None = None

    @property
    def position(self) -> tuple[bool, int, int, str]:
        """The cheapest first, then what has no price, by tokens and name."""
        cost = None if self.reading is None or self.answering is None else self.reading + self.answering
        return cost is None, cost or 0, self.count.tokens, self.model.name.lower()


@dataclass(frozen=True)
class Costs:
    """All that the page says of a text; `more` models are left out of the table."""

    answer: Answer
    characters: int
    splits: list[Split]
    estimate: Count
    rows: list[Row]
    more: int


def work_out(
    text: str, *, answer: Answer, answer_thirds: int, callable_only: bool, offering: CreditPrice | None
) -> Costs:
    """This will tell what `text` costs, with an answer of `answer_thirds` thirds of its own tokens.

    What `answer` does not count is estimated.
    """
    estimate = tokenizers.estimate(text)
    rows = [
        _row(model, answer.counts.get(model.tokenizer, estimate), answer_thirds=answer_thirds, offering=offering)
        for model in ChatModel.objects.published().select_related("vendor")
    ]
    shown = sorted((row for row in rows if row.reading is not None or not callable_only), key=lambda row: row.position)
    return Costs(
        answer=answer,
        characters=len(text),
        splits=_splits(answer.counts, characters=len(text)),
        estimate=estimate,
        rows=shown[:MOST_ROWS],
        more=max(0, len(shown) - MOST_ROWS),
    )


def _splits(counts: dict[str, Count], *, characters: int) -> list[Split]:
    found = [
        Split(str(Tokenizer(name).label), count, Decimal(count.tokens) / max(1, characters))
        for name, count in counts.items()
    ]
    return sorted(found, key=lambda split: (split.count.tokens, split.label))


def _row(model: ChatModel, count: Count, *, answer_thirds: int, offering: CreditPrice | None) -> Row:
    offer = _offer(model.slug)
    if offer is None:
        return Row(model, count)
    written = min(divide_up(count.tokens * answer_thirds, THIRDS), offer.max_output_tokens)
    reading = pricing.cost(Usage(in_fresh=count.tokens), offer.tariff)
    whole = pricing.cost(Usage(in_fresh=count.tokens, out_text=written), offer.tariff)
    money = None if offering is None else price_cards.in_money(whole, at=offering)
    return Row(model, count, reading, Microcredits(whole - reading), money)


def _offer(slug: str) -> Offer | None:
    try:
        return catalog.offer(slug)
    except Refusal:
        return None
