"""Changes of the ledger's SQL, made in a copy one at a time; each run loads the functions anew, as a migration does."""

from tests.proofs import copies
from tests.proofs.changes import CHANGES
from tests.proofs.score import Score


def prove() -> Score:
    """This will let each change live once, and return which of them no test noticed."""
    survivors = []
    with copies.copied() as copy:
        for name, changes in CHANGES.items():
            text = (copy.folder / name).read_text(encoding="utf-8")
            for before, after in changes:
                (copy.folder / name).write_text(text.replace(before, after), encoding="utf-8")
                is_noticed = copy.notices_change_of(name, *copies.MACHINE)
                print(f"{'noticed' if is_noticed else 'SURVIVED'}  {name}: {before!r} -> {after!r}", flush=True)
                if not is_noticed:
                    survivors.append(f"{name}: {before} -> {after}")
            (copy.folder / name).write_text(text, encoding="utf-8")
    return Score("SQL", sum(map(len, CHANGES.values())), tuple(survivors))
