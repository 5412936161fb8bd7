"""One import: what it would do, and doing it, in one transaction; nothing that it makes can be called."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from models_catalog import catalog
from models_catalog.importing import differences, notes
from models_catalog.importing.differences import Difference
from models_catalog.importing.notes import PRICE_RECORD, Note
from models_catalog.importing.seed_files import BadSeed, Seed, SeedModel, SeedVendor
from models_catalog.models import ChatModel, Vendor, VendorPrice


@dataclass(frozen=True)
class Plan:
    """What an import does: `notes` are list prices to be noted, `held` those that a person should look at first."""

    vendors: list[SeedVendor] = field(default_factory=list)
    models: list[SeedModel] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    held: list[Note] = field(default_factory=list)
    kept_prices: list[Note] = field(default_factory=list)

    @property
    def lines(self) -> Iterator[str]:
        """What it does and what it leaves, one a line."""
        yield from (f"vendor {vendor.slug}: new, {vendor.name}" for vendor in self.vendors)
        yield from (f"{model.slug}: new, {model.name} ({model.vendor})" for model in self.models)
        for difference in self.differences:
            yield from map(str, difference.changes)
        yield from map(str, self.notes)
        for difference in self.differences:
            yield from (f"{change}: kept, edited here" for change in difference.kept)
        yield from (f"{note}: kept, noted here by hand" for note in self.kept_prices)
        yield from (f"{note}: held back, {'; '.join(note.doubts)}" for note in self.held)

    @property
    def counts(self) -> dict[str, int]:
        """How much of each, as the last line says it."""
        return {
            "vendors new": len(self.vendors),
            "models new": len(self.models),
            "fields changed": sum(len(one.changes) for one in self.differences),
            "list prices noted": len(self.notes),
            "kept": sum(len(one.kept) for one in self.differences) + len(self.kept_prices),
            "held back": len(self.held),
        }


def look(seed: Seed, *, accepted: Collection[str] = ()) -> Plan:
    """This will tell what an import of `seed` would do, and change nothing.

    A list price that is doubtful is held back unless the model's slug is in `accepted`. Raises `BadSeed` for a
    slug in `accepted` that the file does not know.
    """
    unknown = sorted(set(accepted) - {model.slug for model in seed.models})
    if unknown:
        raise BadSeed(place=", ".join(unknown), problem="the file knows no such model")
    here = ChatModel.objects.in_bulk([model.slug for model in seed.models], field_name="slug")
    vendors = set(Vendor.objects.values_list("slug", flat=True))
    plan = Plan(vendors=[vendor for vendor in seed.vendors if vendor.slug not in vendors])
    last = notes.last_of(here.values())
    for model in seed.models:
        known = here.get(model.slug)
        if known is None:
            plan.models.append(model)
        else:
            plan.differences.append(differences.between(known, differences.told_of(model, seed)))
        note = notes.between(model, known, last=last.get(model.slug), seed=seed, accepted=model.slug in accepted)
        if note is not None:
            {"noted": plan.notes, "held": plan.held, "kept": plan.kept_prices}[note.fate].append(note)
    return plan


@transaction.atomic
def carry_out(seed: Seed, *, accepted: Collection[str] = (), by: int | None, now: datetime) -> Plan:
    """This will import `seed`: add what is missing, change what nobody edited here, note new list prices.

    New models are announced, and published so that the public list shows them; `by` is the id of the user who
    imports. A second run changes nothing. Raises `BadSeed` as `look` does.
    """
    list(ChatModel.objects.select_for_update().order_by("pk").values_list("pk", flat=True))
    plan = look(seed, accepted=accepted)
    Vendor.objects.bulk_create(
        [Vendor(slug=one.slug, name=one.name, name_zh=one.name_zh, country=one.country) for one in plan.vendors]
    )
    vendors = Vendor.objects.in_bulk([model.vendor for model in plan.models], field_name="slug")
    prices = {note.slug: note.record for note in plan.notes}
    made = [_new(model, seed, vendor=vendors[model.vendor], now=now) for model in plan.models]
    _change(plan, made, prices=prices)
    models = ChatModel.objects.in_bulk([note.slug for note in plan.notes], field_name="slug")
    VendorPrice.objects.bulk_create([notes.row_of(note, models[note.slug], by=by, now=now) for note in plan.notes])
    transaction.on_commit(catalog.forget)
    return plan


def _new(model: SeedModel, seed: Seed, *, vendor: Vendor, now: datetime) -> ChatModel:
    told = differences.told_of(model, seed)
    return ChatModel(
        slug=model.slug,
        vendor=vendor,
        published_at=now,
        imported={name: differences.record_of(said, field=name) for name, said in told.items()},
        **{name: said.value for name, said in told.items()},
    )


def _change(plan: Plan, made: list[ChatModel], *, prices: dict[str, dict[str, Any]]) -> None:
    """This will write the new models, and of the others the fields that differ with what the import remembers."""
    for new in made:
        if new.slug in prices:
            new.imported[PRICE_RECORD] = prices[new.slug]
    ChatModel.objects.bulk_create(made)
    here = ChatModel.objects.in_bulk([one.slug for one in plan.differences], field_name="slug")
    touched, fields = [], {"imported"}
    for difference in plan.differences:
        model = here[difference.slug]
        records = difference.records | ({PRICE_RECORD: prices[model.slug]} if model.slug in prices else {})
        if records.items() <= model.imported.items():
            continue
        model.imported |= records
        for change in difference.changes:
            setattr(model, change.field, change.new)
            fields.add(change.field)
        touched.append(model)
    ChatModel.objects.bulk_update(touched, sorted(fields))
