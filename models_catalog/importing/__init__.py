"""Importing public data: which models there are, what lists say about them, and what their vendors ask for them."""

from models_catalog.importing.list_prices import Unfit
from models_catalog.importing.runs import Plan, carry_out, look
from models_catalog.importing.seed_files import SEED, BadSeed, Seed, read

__all__ = ["SEED", "BadSeed", "Plan", "Seed", "Unfit", "carry_out", "look", "read"]
