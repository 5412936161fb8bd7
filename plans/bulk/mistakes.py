"""What can be wrong with a line of a file, each with what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.kit import sentences
from portal.kit.refusals import gettext_noop

NO_HEADER = gettext_noop("The first line names the columns: {columns}. Download the file as it is now to begin with.")
UNKNOWN_COLUMN = gettext_noop("There is no column “{column}”. The columns are {columns}; take this one out.")
MISSING_COLUMN = gettext_noop("The column “{column}” is missing. Add it to the first line; its cells may stay empty.")
DOUBLE_COLUMN = gettext_noop("The column “{column}” stands there twice. Take one of them out.")
BROKEN_LINE = gettext_noop("The quotation marks of this line do not match. Write a quotation mark in a cell twice.")
TOO_MANY_CELLS = gettext_noop("This line has more cells than the first one. Put a cell with {delimiter} into quotes.")
TOO_MANY_ROWS = gettext_noop("A file has at most {most} rows. Divide it into several files.")
BAD_CELL = gettext_noop("The cell “{column}” is too long or holds signs that cannot be read. Type it anew.")
UNKNOWN_KIND = gettext_noop("There is no kind “{kind}”. Write department, project, member or quota.")
NOT_HERE = gettext_noop("The column “{column}” says nothing in a row of the kind {kind}. Leave it empty.")
NEEDED = gettext_noop("A row of the kind {kind} needs the column “{column}”. Fill it in.")
ONE_NODE = gettext_noop("A quota is for one department, one project or one contact. Fill in exactly one of them.")
NEGATIVE = gettext_noop("Credits are not negative. Write 0, or a number above it.")
NO_NUMBER = gettext_noop("“{typed}” is no number of credits. Write digits alone, such as 2500 or 0.5.")
TOO_MUCH = gettext_noop("Nobody may use that many credits. Write at most {most}.")
YES_OR_NO = gettext_noop("“{typed}” does not say whether it is set aside. Write yes or no.")
NOTHING_TO_SET_ASIDE = gettext_noop(
    "Without credits nothing is set aside. Fill in monthly_credits, or empty set_aside."
)
BAD_CONTACT = gettext_noop("“{typed}” is no e-mail address and no phone number. Correct it.")

DOUBLE_NAME = gettext_noop("“{name}” stands in line {first} already. Take one of the two out.")
DOUBLE_CONTACT = gettext_noop("This person stands in line {first} already. Take one of the two out.")
DOUBLE_QUOTA = gettext_noop("A monthly quota for the same stands in line {first} already. Take one of the two out.")
UNKNOWN_DEPARTMENT = gettext_noop(
    "There is no department “{name}”. Correct the name, or add a row of the kind department for it."
)
UNKNOWN_PROJECT = gettext_noop(
    "There is no project “{name}”. Correct the name, or add a row of the kind project for it."
)
UNKNOWN_MEMBER = gettext_noop(
    "“{name}” is no member yet. Who is only invited has a quota in the row of the kind member; others join first."
)
CIRCLE = gettext_noop("“{name}” would stand in itself. Choose another parent in one of these rows.")
TOO_DEEP = gettext_noop("“{name}” would stand more than {deepest} deep. Choose a parent that stands higher.")
HEAD_NEEDS_DEPARTMENT = gettext_noop("A head needs a department. Fill in the column “department”.")
BAD_ROLE = gettext_noop(
    "The role “{role}” cannot be given here. Write adult, head, bill_payer or auditor; ownership is offered on the"
    " page of the person."
)
BAD_NAME = gettext_noop("A name has no address in it. Write it without dots between letters, slashes or @.")
NOT_YET_SET_ASIDE = gettext_noop(
    "Nothing is set aside for who has not joined yet. Empty set_aside, and set it with a row of the kind quota later."
)
OTHER_TERMS = gettext_noop(
    "This address has an open invitation with another role, department or quota. Withdraw it first, or write the same."
)
TOO_MANY_DEPARTMENTS = gettext_noop("The account would have more than {most} departments. Make fewer.")
TOO_MANY_PROJECTS = gettext_noop("The account would have more than {most} projects. Make fewer.")
TOO_MANY_INVITED = gettext_noop("Files invite at most {most} people a day, and {already} were today. Invite fewer.")

BEYOND_POOL = gettext_noop(
    "More is set aside a month than the plans grant. It works, but who comes last finds nothing: set aside less, or"
    " top up."
)
BEYOND_PARENT = gettext_noop(
    "More is set aside inside “{name}” than for “{name}” itself. Raise its quota, or set aside less in it."
)


@dataclass(frozen=True)
class Mistake:
    """What is wrong in a line of the file; in line 0 it is the whole of it."""

    line: int
    sentence: str
    details: Mapping[str, object]

    def __str__(self) -> str:
        return sentences.say(self.sentence, self.details)


def at(line: int, sentence: str, **details: object) -> Mistake:
    """This will name a mistake in a line."""
    return Mistake(line, sentence, details)
