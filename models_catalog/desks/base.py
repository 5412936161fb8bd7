"""What the catalog's tables in admin have in common: who did something and why is written down by the roof."""

from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

Row = TypeVar("Row", bound=Model)

if TYPE_CHECKING:
    Table = admin.ModelAdmin
else:

    class Table(admin.ModelAdmin):
        """Django's own, which is generic in the stubs only."""

        def __class_getitem__(cls, _row: type[Model]) -> type["Table"]:
            return cls


class CatalogDesk(Table[Row]):
    """A table of the catalog. The catalog does not know people, so the roof fills in the two verbs below."""

    def reason(self, request: HttpRequest) -> str:
        """This will return why staff do it to the chosen rows; if they did not say, it tells them to, and is empty."""
        raise NotImplementedError

    def note(self, request: HttpRequest, verb: str, row: Model | str, *, reason: str, **details: Any) -> None:
        """This will write down who did `verb` to the row, or to what is called so, and why."""
        raise NotImplementedError
