"""The memory of a long-running process: what was loaded at the start is never garbage."""

import gc

YOUNG_OBJECTS = 10_000


def freeze() -> None:
    """This will spare what is loaded from all later collections, whose pauses every open answer would feel."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
