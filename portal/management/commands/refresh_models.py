"""Makes the file of models from two public lists and the review; for development, the file is committed."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from models_catalog.importing import SEED, BadSeed, reviews, seed_files


class Command(BaseCommand):
    """`manage.py refresh_models --litellm PATH`: the other list is the installed package genai-prices."""

    help = "Makes models_catalog/seed/models.json from genai-prices, LiteLLM's price list and review.toml."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """This will take where LiteLLM's list lies."""
        parser.add_argument(
            "--litellm",
            type=Path,
            required=True,
            help="model_prices_and_context_window_backup.json, out of the wheel of litellm",
        )

    def handle(self, *_args: Any, litellm: Path, **_options: Any) -> None:
        """This will write the file and say what no list tells."""
        from models_catalog.importing import public_lists, refreshing  # noqa: PLC0415 - only developers have the lists

        try:
            review = reviews.read(reviews.REVIEW)
            written = refreshing.build(review, public_lists.load(review, litellm=litellm))
        except BadSeed as refusal:
            raise CommandError(str(refusal)) from refusal
        SEED.write_bytes(written)
        seed = seed_files.decode(written)
        for figure in ("context_tokens", "max_output_tokens", "list_price"):
            without = [model.slug for model in seed.models if getattr(model, figure) is None]
            self.stdout.write(f"Without {figure}: {', '.join(without) or 'none'}.")
        self.stdout.write(f"{len(seed.models)} models of {len(seed.vendors)} vendors stand in {SEED}.")
