"""The shelf: what can be bought now, on which terms, and what was announced."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from plans import meaning
from plans.models import Offering, OfferingVersion
from portal.kit import periods
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import Microcredits

WEB = "web"


class NotForSale(Refusal):
    """The offering was withdrawn or never published."""

    code = "not_for_sale"
    status = 404
    sentence = gettext_noop("This offering is not sold any more. Choose one from the plans page.")


@dataclass(frozen=True)
class Item:
    """One card of the shelf: the terms in force, and what their credits mean in life."""

    version: OfferingVersion
    meaning: meaning.Meaning | None


@dataclass(frozen=True)
class Shelf:
    """What a page of plans shows: what stands in front, what else there is, packs, gifts, and changes to come."""

    plans: list[Item]
    others: list[Item]
    packs: list[Item]
    gifts: list[Item]
    announced: list[OfferingVersion]


MOST_IN_FRONT = 3


def shelf(*, audience: str) -> Shelf:
    """This will return what `audience` can buy on the web; packs for households are for everybody."""
    found = [_item(version, audience=audience) for version in everything_shown() if _is_for(version, audience)]
    paid = [item for item in found if item.version.price_minor]
    plans = [item for item in paid if item.version.offering.kind != Offering.Kind.PACK]
    sold = {item.version.offering_id for item in found}
    return Shelf(
        plans=plans[:MOST_IN_FRONT],
        others=plans[MOST_IN_FRONT:],
        packs=[item for item in paid if item.version.offering.kind == Offering.Kind.PACK],
        gifts=[item for item in found if not item.version.price_minor],
        announced=list(OfferingVersion.objects.announced().filter(offering__in=sold)),
    )


def on_sale(*, audience: str) -> list[OfferingVersion]:
    """This will return the plans and bundles of `audience` that are in force and cost money, in shelf order."""
    return [
        version
        for version in everything_shown()
        if version.offering.audience == audience and version.offering.kind != Offering.Kind.PACK and version.price_minor
    ]


def packs(*, audience: str) -> list[OfferingVersion]:
    """This will return the packs that `audience` can buy, in the order of the shelf."""
    return [
        version
        for version in everything_shown()
        if version.offering.kind == Offering.Kind.PACK and version.price_minor and _is_for(version, audience)
    ]


def everything_shown() -> list[OfferingVersion]:
    """This will return all that is sold on the web, in the order of the shelf."""
    sold = OfferingVersion.objects.current().filter(offering__in=Offering.objects.on_sale(), channels__contains=[WEB])
    return list(sold.order_by("offering__position", "pk"))


def current(slug: str) -> OfferingVersion:
    """This will return the terms in force of one offering; raises `NotForSale`."""
    version = OfferingVersion.objects.current().filter(offering__slug=slug, offering__withdrawn_at=None).first()
    if version is None:
        raise NotForSale
    return version


def shown(slug: str) -> OfferingVersion:
    """This will return the terms in force of what is sold on the web; raises `NotForSale`."""
    version = current(slug)
    if WEB not in version.channels:
        raise NotForSale
    return version


def item_of(version: OfferingVersion) -> Item:
    """This will tell what one offering means in life, for whom it is meant."""
    return _item(version, audience=version.offering.audience)


def announced(offering: Offering) -> list[OfferingVersion]:
    """This will return the terms that were published and begin later, the soonest first."""
    return list(OfferingVersion.objects.announced().filter(offering=offering))


def bought_then(version: OfferingVersion) -> OfferingVersion | None:
    """This will return the pack that is bought by itself once the credits are used up, while it is sold."""
    if version.after_exhaustion != OfferingVersion.AfterExhaustion.PACK:
        return None
    try:
        return current(version.exhaustion_pack)
    except NotForSale:
        return None


def ends_at(version: OfferingVersion, *, start: datetime) -> datetime:
    """This will return when credits bought at `start` (in the account's zone) end: months keep the day."""
    if version.valid_months:
        return periods.after_months(start, months=version.valid_months)
    assert version.valid_days is not None
    return start + timedelta(days=version.valid_days)


def _is_for(version: OfferingVersion, audience: str) -> bool:
    """Packs and gifts of households are for businesses too; each has plans of its own."""
    own = version.offering.audience == audience
    return own or (
        version.offering.kind == Offering.Kind.PACK
        and version.offering.audience == Offering.Audience.HOUSEHOLD
        and bool(version.price_minor)
    )


def _item(version: OfferingVersion, *, audience: str) -> Item:
    return Item(version, meaning.of(Microcredits(version.microcredits), kinds=meaning.KINDS_OF[audience]))
