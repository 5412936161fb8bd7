"""People, departments, projects and quotas of a business as one file: read, rehearsed, carried out, written."""

from plans.bulk.carrying import NotSound, carry_out
from plans.bulk.mistakes import Mistake
from plans.bulk.rehearsal import Count, Rehearsal, rehearse
from plans.bulk.sheet import (
    COLUMNS,
    LARGEST_FILE_BYTES,
    MOST_ROWS,
    FileTooLarge,
    NotText,
    Row,
    Sheet,
    decode,
    read,
)
from plans.bulk.writing import export

__all__ = [
    "COLUMNS",
    "LARGEST_FILE_BYTES",
    "MOST_ROWS",
    "Count",
    "FileTooLarge",
    "Mistake",
    "NotSound",
    "NotText",
    "Rehearsal",
    "Row",
    "Sheet",
    "carry_out",
    "decode",
    "export",
    "read",
    "rehearse",
]
