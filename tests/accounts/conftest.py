"""An owner, two others of the household, and a stranger; models are imported once Django is set up."""

from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from accounts.models import Member
    from tests.accounts.people import Firm


@pytest.fixture(autouse=True)
def _fresh_limits(db: None) -> None:
    cache.clear()


@pytest.fixture
def owner(db: None) -> "Member":
    return _made("found", "owner@example.com", kind="household", name="Li")


@pytest.fixture
def stranger(db: None) -> "Member":
    return _made("found", "stranger@example.com", kind="business", name="Wang & Co")


@pytest.fixture
def adult(owner: "Member") -> "Member":
    return _made("join", owner, role="adult", name="partner")


@pytest.fixture
def child(owner: "Member") -> "Member":
    return _made("join", owner, role="child", name="child")


@pytest.fixture
def firm(stranger: "Member") -> "Firm":
    made: Firm = import_string("tests.accounts.people.staffed")(stranger)
    return made


def _made(verb: str, *given: object, **words: object) -> "Member":
    made: Member = import_string(f"tests.accounts.people.{verb}")(*given, **words)
    return made
