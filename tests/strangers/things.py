"""A thing that an address names: what stands for it there, whose it is, and how near that is to who asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

from tests.strangers.cast import Actor

NO_NUMBER = 2_000_000_000
NO_SECRET = "0" * 64


@dataclass(frozen=True, eq=False)
class Thing:
    """One thing: what stands for it in the address, and whose it is; without an account it is everybody's."""

    name: str
    args: tuple[object, ...]
    account_id: int | None = None
    member_id: int = 0
    department_id: int | None = None
    is_place: bool = False
    is_ward: bool = False
    form: Mapping[str, object] = field(default_factory=dict)

    @property
    def sort(self) -> tuple[object, ...]:
        """What stands before its own id: things of one sort are taken for each other."""
        return self.args[:-1]

    def missing(self) -> "Thing":
        """This will return what looks the same and does not exist."""
        if not self.args:
            return replace(self, name="nothing", form=dict.fromkeys(self.form, NO_SECRET))
        last = self.args[-1]
        if isinstance(last, UUID):
            other: object = uuid4()
        elif isinstance(last, int):
            other = NO_NUMBER
        else:
            other = NO_SECRET[: len(str(last))]
        return replace(self, name="nothing", args=(*self.args[:-1], other))


PAGE = Thing("page", ())


def relation(actor: Actor, thing: Thing) -> str:
    """This will return what a thing is to somebody: mine, ward, near, far, common, foreign or nothing."""
    member = actor.member
    if thing.name in {"nothing", "page"}:
        return thing.name
    if thing.account_id is None:
        return "common"
    if member is None or thing.account_id != member.account_id:
        return "foreign"
    is_led = thing.is_place and actor.role == "head" and thing.department_id == member.department_id
    if thing.member_id == member.pk or is_led:
        return "mine"
    if thing.is_ward:
        return "ward"
    return "near" if thing.department_id in actor.reach else "far"
