"""All that the page of a model says, loaded in one place with a handful of questions, however many models there are."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, F, OuterRef

from models_catalog import curves, histories, price_cards, price_sheets
from models_catalog.curves import Stretch
from models_catalog.models import Alias, Approval, ChatModel, CreditPrice, Price, Route, State, VendorPrice
from models_catalog.models.chat_model import CALLABLE_STATES, DataRegion, Retention
from models_catalog.price_cards import HOUSEHOLD
from models_catalog.price_sheets import Told, VendorList

ENOUGH_VOTES = 30
TOKENS_PER_PAGE = 400
DIGITS_THAT_COUNT = 2
MOST_VERSIONS = 50
SAFE_ADDRESSES = ("https://", "http://")


@dataclass(frozen=True)
class Votes:
    """What people said of its answers.

    `per_money` is thumbs up for one whole unit of `currency`; None without an offering, or where nothing was paid.
    """

    up: int
    down: int
    per_money: Decimal | None
    currency: str

    @property
    def together(self) -> int:
        """All votes."""
        return self.up + self.down

    @property
    def is_enough(self) -> bool:
        """Whether there are enough of them to say something."""
        return self.together >= ENOUGH_VOTES

    @property
    def needed(self) -> int:
        """How many are enough."""
        return ENOUGH_VOTES


@dataclass(frozen=True)
class Card:
    """A published model with all that its page says; `at` is the offering at which money is told.

    A model is resting while it has all that calls need, but for a connection that is switched on.
    """

    model: ChatModel
    aliases: tuple[Alias, ...]
    is_callable: bool
    is_resting: bool
    versions: tuple[ChatModel, ...]
    offerings: tuple[CreditPrice, ...]
    at: CreditPrice | None
    prices: Told
    vendor_list: VendorList | None
    day: Stretch
    month: Stretch
    votes: Votes

    @property
    def is_known(self) -> bool:
        """Whether what is not noted of it is not so: of an announced model nobody has noted all."""
        return self.model.state != State.ANNOUNCED

    @property
    def context_pages(self) -> int:
        """About how many pages fit into one question with all that was said before, where that is known."""
        return pages(self.model.context_tokens)

    @property
    def answer_pages(self) -> int:
        """About how many pages the longest answer has, where that is known."""
        return pages(self.model.max_output_tokens)

    @property
    def replacement(self) -> ChatModel | None:
        """What takes its place, if that has a page."""
        other = self.model.replacement
        return other if other is not None and other.published_at else None

    @property
    def terms_url(self) -> str:
        """Where the vendor's data terms stand, if that is an address to open."""
        url = self.model.vendor.terms_url
        return url if url.startswith(SAFE_ADDRESSES) else ""

    @property
    def has_whole_data_card(self) -> bool:
        """Whether it is known who operates it, where data goes, how long it stays, and under which rules."""
        model = self.model
        is_told = bool(model.operated_by and model.contract and model.filing and model.service_label)
        is_placed = model.data_region != DataRegion.UNKNOWN and model.retention != Retention.UNKNOWN
        return is_told and is_placed and model.trains_on_data is not None


def card_of(slug: str, *, offering: str = "", audience: str = HOUSEHOLD, now: datetime) -> Card | None:
    """This will load the page of a published or retired model; None where there is none of this id.

    `offering` is the slug of the one at which money is told; without a known one it is one for `audience`.
    """
    found = ChatModel.objects.filter(slug=slug, published_at__isnull=False)
    model = found.select_related("vendor", "replacement", "approval").first()
    if model is None:
        return None
    offerings = price_cards.offerings()
    at = price_cards.chosen(offerings, slug=offering, audience=audience)
    told = price_sheets.told(histories.history_of(model, now=now), at=at)
    day, month = curves.lately(model, now=now)
    is_ready = told.now is not None and model.state in CALLABLE_STATES
    is_callable = is_ready and Route.objects.open().filter(chat_model=model).exists()
    return Card(
        model=model,
        aliases=tuple(Alias.objects.filter(chat_model=model)),
        is_callable=is_callable,
        is_resting=is_ready and not is_callable,
        versions=_versions(model, now=now),
        offerings=tuple(offerings),
        at=at,
        prices=told,
        vendor_list=price_sheets.vendor_list(_list_price(model, now=now)),
        day=day,
        month=month,
        votes=_votes(model, at=at),
    )


def pages(tokens: int) -> int:
    """This will return about how many pages so many tokens fill, two digits that count and at least one page."""
    whole = max(tokens // TOKENS_PER_PAGE, 1)
    return int(f"{str(whole)[:DIGITS_THAT_COUNT]:0<{len(str(whole))}}")


def _versions(model: ChatModel, *, now: datetime) -> tuple[ChatModel, ...]:
    """Its family, the newest first; retired ones are told only where it is the one itself."""
    if not model.family:
        return ()
    family = ChatModel.objects.filter(family=model.family, vendor_id=model.vendor_id, published_at__isnull=False)
    listed = family.exclude(state=State.RETIRED) | family.filter(pk=model.pk)
    routes, prices = Route.objects.open(), Price.objects.filter(active_from__lte=now)
    told = listed.annotate(
        is_routed=Exists(routes.filter(chat_model=OuterRef("pk"))),
        is_priced=Exists(prices.filter(chat_model=OuterRef("pk"))),
    )
    return tuple(told.order_by(F("released_date").desc(nulls_last=True), "name")[:MOST_VERSIONS])


def _list_price(model: ChatModel, *, now: datetime) -> VendorPrice | None:
    listed = VendorPrice.objects.filter(chat_model=model, upstream=None, active_from__lte=now)
    return listed.order_by("-active_from", "-pk").first()


def _votes(model: ChatModel, *, at: CreditPrice | None) -> Votes:
    said: Approval | None = getattr(model, "approval", None)
    if said is None:
        return Votes(up=0, down=0, per_money=None, currency="")
    if at is None or not at.price_minor or not said.microcredits:
        return Votes(up=said.up, down=said.down, per_money=None, currency="")
    per_money = price_sheets.for_one_unit(said.up, said.microcredits, at=at)
    return Votes(up=said.up, down=said.down, per_money=per_money, currency=at.currency)
