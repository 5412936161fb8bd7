"""The shelf as a file (`shapes`): written out, looked at line by line, and carried out as new versions."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import IntegrityError, transaction

from plans.models import Offering, OfferingItem, OfferingVersion
from plans.offerings.credit_prices import tell_credit_prices
from plans.offerings.publishing import write
from plans.offerings.shapes import FORMAT, BadFile, Entry, File, ItemTerms, Terms, place_of
from portal.kit.refusals import Refusal
from portal.kit.units import MICROCREDITS_PER_CREDIT


@dataclass(frozen=True)
class Change:
    """What a file brings: a line for each thing that differs, and how many versions are published."""

    lines: tuple[str, ...]
    published: int


def written() -> bytes:
    """This will write every offering with its newest published terms, as `read` takes it."""
    newest = OfferingVersion.objects.newest().prefetch_related("items").order_by("offering__position", "offering__slug")
    coming = set(OfferingVersion.objects.announced().values_list("pk", flat=True))
    entries = [_entry_of(version, is_coming=version.pk in coming) for version in newest]
    whole = msgspec.to_builtins(File(format=FORMAT, offerings=entries))
    return (json.dumps(whole, ensure_ascii=False, indent=2) + "\n").encode()


def look(found: File, *, now: datetime) -> Change:
    """This will tell what a file would change, and change nothing. Raises `BadFile`."""
    with transaction.atomic():
        change = carry_out(found, now=now)
        transaction.set_rollback(True)
    return change


@transaction.atomic
def carry_out(found: File, *, now: datetime) -> Change:
    """This will publish what differs, all of the file or nothing. Raises `BadFile` where terms are refused."""
    lines: list[str] = []
    published = 0
    for number, entry in packs_first(found):
        differing = list(_differences(entry))
        if not differing:
            continue
        try:
            with transaction.atomic():
                published += put(entry, now=now)
        except Refusal as refusal:
            raise BadFile(place=place_of(number, entry), problem=str(refusal)) from refusal
        except IntegrityError as error:
            problem = str(error).splitlines()[0]
            raise BadFile(place=place_of(number, entry), problem=problem) from error
        lines += [f"{entry.slug}: {line}" for line in differing]
    tell_credit_prices()
    return Change(tuple(lines), published)


def put(entry: Entry, *, now: datetime) -> int:
    """This will make an offering what the entry says, and return how many versions that published: one or none.

    The caller tells the catalog.
    """
    offering, _ = Offering.objects.update_or_create(slug=entry.slug, defaults=_place_of(entry))
    if entry.is_withdrawn != (offering.withdrawn_at is not None):
        Offering.objects.filter(pk=offering.pk).update(withdrawn_at=now if entry.is_withdrawn else None)
    newest = OfferingVersion.objects.newest().filter(offering=offering).prefetch_related("items").first()
    if newest is not None and _terms_of(newest) == entry.terms:
        return 0
    items = [OfferingItem(**msgspec.structs.asdict(item)) for item in entry.terms.items]
    write(offering, terms=_columns(entry.terms), items=items, active_from=entry.active_from, now=now)
    return 1


def packs_first(found: File) -> list[tuple[int, Entry]]:
    """This will return the offers with their numbers, those before that others buy by themselves."""
    return sorted(enumerate(found.offerings), key=lambda each: each[1].kind != "pack")


def in_credits(entry: Entry) -> Entry:
    """This will return the same offer, which shows credits."""
    terms = msgspec.structs.replace(entry.terms, unit="credits", credits_a_unit=1)
    return msgspec.structs.replace(entry, terms=terms)


def _columns(terms: Terms) -> dict[str, Any]:
    columns: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(terms, items=[]))
    whole = {name: getattr(terms, name) for name in Terms.__struct_fields__} | columns
    whole["microcredits"] = whole.pop("credits") * MICROCREDITS_PER_CREDIT
    whole["unit_microcredits"] = whole.pop("credits_a_unit") * MICROCREDITS_PER_CREDIT
    del whole["items"]
    return whole


def _terms_of(version: OfferingVersion) -> Terms:
    """What a version says, as a file says it; a part of a credit is left to admin."""
    own = {name: getattr(version, name) for name in Terms.__struct_fields__ if hasattr(version, name)}
    items = [{name: getattr(item, name) for name in ItemTerms.__struct_fields__} for item in version.items.all()]
    own |= {
        "credits": version.microcredits // MICROCREDITS_PER_CREDIT,
        "credits_a_unit": version.unit_microcredits // MICROCREDITS_PER_CREDIT,
        "items": items,
    }
    return msgspec.convert(own, type=Terms)


def _entry_of(version: OfferingVersion, *, is_coming: bool) -> Entry:
    offering = version.offering
    return Entry(
        slug=offering.slug,
        audience=offering.audience,  # type: ignore[arg-type]
        kind=offering.kind,  # type: ignore[arg-type]
        position=offering.position,
        is_recommended=offering.is_recommended,
        is_withdrawn=offering.withdrawn_at is not None,
        active_from=version.active_from if is_coming else None,
        terms=_terms_of(version),
    )


def _place_of(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in ("audience", "kind", "position", "is_recommended")}


def _differences(entry: Entry) -> Iterator[str]:
    """A line for each thing that the shelf has otherwise: old → new."""
    offering = Offering.objects.filter(slug=entry.slug).first()
    if offering is None:
        yield f"new, {entry.terms.price_minor} {entry.terms.currency} for {entry.terms.credits:,} credits"
        return
    is_withdrawn = offering.withdrawn_at is not None
    if is_withdrawn != entry.is_withdrawn:
        yield f"is_withdrawn {is_withdrawn} → {entry.is_withdrawn}"
    for name, value in _place_of(entry).items():
        if getattr(offering, name) != value:
            yield f"{name} {getattr(offering, name)} → {value}"
    newest = OfferingVersion.objects.newest().filter(offering=offering).prefetch_related("items").first()
    before = {} if newest is None else msgspec.structs.asdict(_terms_of(newest))
    for name, value in msgspec.structs.asdict(entry.terms).items():
        if before.get(name) != value:
            yield f"{name} {_said(before.get(name))} → {_said(value)}"


def _said(value: object) -> str:
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
