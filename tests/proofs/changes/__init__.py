"""Changes of the ledger's SQL, made by hand: each is one that a tired person could make, and a test has to notice."""

from tests.proofs.changes import audit, calls, corrections, lots, money

CHANGES: dict[str, list[tuple[str, str]]] = {
    **calls.CHANGES,
    **lots.CHANGES,
    **corrections.CHANGES,
    **audit.CHANGES,
    **money.CHANGES,
}
"""Of each file: what is there once, and what it becomes."""
