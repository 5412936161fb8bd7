"""Every address, tried by everybody with things of everybody: what is not theirs answers as if it were not there."""

import pytest
from django.apps import apps
from pytest_django.fixtures import Settings

from tests.strangers import rules
from tests.strangers.stage import Answer, Stage, ask, walked
from tests.strangers.table import DESK, GROUPS, OPEN_TO_STAFF, SIGNING_IN, TABLE
from tests.strangers.things import Thing

pytestmark = pytest.mark.django_db
CLOSED = {rules.ASKED, rules.REFUSED, rules.ABSENT, rules.SHUT}
NO_ROW = 0


def grouped(group: str) -> list[str]:
    """The addresses of a group that have no row of their own."""
    return [path for path in walked() if path.startswith(group) and path not in TABLE]


class TestEveryAddress:
    def test_has_a_row_and_every_row_an_address(self) -> None:
        known = set(walked())
        assert set(TABLE) <= known
        assert {path for path in known - set(TABLE) if not path.startswith(GROUPS)} == set()

    @pytest.mark.parametrize("pattern", TABLE)
    def test_answers_each_as_the_table_says(self, stage: Stage, pattern: str) -> None:
        mistakes = "\n".join(stage.mistakes(pattern, TABLE[pattern]))
        assert not mistakes, f"\n{mistakes}"


class TestTheDesk:
    @pytest.mark.parametrize("pattern", grouped(DESK))
    def test_is_for_staff_with_the_right_to_it(self, stage: Stage, settings: Settings, pattern: str) -> None:
        settings.DEMO = True  # where staff need no second factor
        thing = Thing("a row", _row_at(stage, pattern))
        said = _tried(stage, pattern, thing)
        opened = {who for who, answer in said.items() if answer.word not in CLOSED}
        if pattern.endswith(OPEN_TO_STAFF) or thing.args == (NO_ROW,):  # which leads to the first page of the desk
            opened -= {"get by staff", "post by staff"}
        assert opened == set() or pattern == "admin/logout/"
        assert said["get by child"].word == rules.ABSENT


class TestSigningIn:
    @pytest.mark.parametrize("pattern", grouped(SIGNING_IN))
    def test_is_closed_to_children_and_breaks_for_nobody(self, stage: Stage, pattern: str) -> None:
        said = _tried(stage, pattern, Thing("nothing of anybody", ()))
        assert {who: answer.status for who, answer in said.items() if answer.status >= 500} == {}
        assert said["get by child"].word == rules.ABSENT


def _tried(stage: Stage, pattern: str, thing: Thing) -> dict[str, Answer]:
    """What four are told who have nothing to do there."""
    browsers = {actor.name: actor for actor in stage.cast.browsers}
    tries = [(name, "get") for name in ("owner", "child", "staff", "anonymous")]
    tries += [(name, "post") for name in ("staff", "anonymous")]
    return {f"{method} by {name}": ask(browsers[name], method, pattern, thing, form={}) for name, method in tries}


def _row_at(stage: Stage, pattern: str) -> tuple[object, ...]:
    """What stands in an address of the desk: a row that there is, an account, or the name of an app."""
    if "<int:account_id>" in pattern:
        return (stage.cast.members["owner"].account_id,)
    if "<path:object_id>" not in pattern:
        return ("plans",)
    if pattern.count("<") > 1:
        return (1, 1)
    _desk, app, model, _rest = pattern.split("/", 3)
    return (getattr(apps.get_model(app, model)._default_manager.first(), "pk", NO_ROW),)
