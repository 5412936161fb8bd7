"""What lies on the page on which a vendor is connected, once it is: models found, those chosen, and their forms."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from models_catalog import connecting, proposals
from models_catalog.connecting import Match
from models_catalog.desks.connect_forms import ChosenForm
from models_catalog.desks.endpoint_forms import ChoiceForm
from models_catalog.models import Price, Upstream
from portal.kit import clock


@dataclass(frozen=True)
class Bench:
    """What lies on the page: the upstream, what was found there, and what of it is chosen."""

    upstream: Upstream
    choice: ChoiceForm
    matches: tuple[Match, ...]
    margin_percent: int

    @property
    def chosen(self) -> list[Match]:
        """The matches that were ticked."""
        ticked = {found.pk for found in self.choice.cleaned_data.get("chosen", ())}
        return [match for match in self.matches if match.found.pk in ticked]

    @property
    def shown(self) -> list[Match]:
        """The matches that the search leaves, the ticked ones first."""
        words = str(self.choice.cleaned_data.get("q", "")).lower().split()
        chosen = {match.found.pk for match in self.chosen}
        left = [match for match in self.matches if all(word in match.found.upstream_model.lower() for word in words)]
        return sorted(left, key=lambda match: match.found.pk not in chosen)


def bench_of(request: HttpRequest, upstream: Upstream) -> Bench:
    """This will lay out what was found and what of it is chosen, as the address says."""
    choice = ChoiceForm(request.GET, upstream=upstream)
    choice.is_valid()
    margin = choice.cleaned_data.get("margin", proposals.MARGIN_PERCENT)
    return Bench(upstream, choice, tuple(connecting.find(upstream)), margin)


def rows_of(bench: Bench, data: Any = None) -> list[ChosenForm]:
    """This will return a form for each chosen model, with what could be proposed for it."""
    now = clock.now()
    known = [match.chat_model for match in bench.chosen if match.chat_model is not None]
    proposed = proposals.propose(known, margin_percent=bench.margin_percent, now=now)
    priced = Price.objects.in_force(now=now).filter(chat_model__in=known)
    present = {price.chat_model_id: price.rates for price in priced}
    return [
        ChosenForm(
            data,
            match=match,
            proposal=proposed.get(match.chat_model.pk) if match.chat_model else None,
            present=present.get(match.chat_model.pk) if match.chat_model else None,
            upstream=bench.upstream,
        )
        for match in bench.chosen
    ]
