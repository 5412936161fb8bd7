"""Everything that addresses can name, of each kind something of several people and accounts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from allauth.mfa.models import Authenticator

from accounts import api_keys, devices, invitations, tickets
from accounts.models import (
    Department,
    Device,
    DeviceTicket,
    Invitation,
    MailDomain,
    Member,
    OwnershipOffer,
    Project,
    Scenario,
    User,
)
from models_catalog.models import ChatModel
from plans import extras, ledger, loans, offerings, orders, quotas
from plans.models import Quota, Reclaim
from plans.views import bulk
from portal.kit.units import credits
from tests.plans import files
from tests.plans.cast import line_of
from tests.strangers import plans_of
from tests.strangers.cast import Cast
from tests.strangers.papers import papers_of
from tests.strangers.things import Thing
from tests.usage import cast as usage_cast
from tests.usage import firm, shelves

A_DAY = timedelta(days=1)
COUNTED = ("payer", "head", "clerk", "mate", "seller", "guest", "parent", "child")
"""Whose quotas are tried."""
KNOWN = (*COUNTED, "owner", "auditor", "stranger", "suspended")
"""Whose pages and quotas are tried; a household next door has a child of its own."""
CANDIDATES = ("owner", "payer", "head", "mate", "stranger", "parent", "partner", "child", "suspended")
"""Who has no offer of ownership yet."""
Shelf = Mapping[str, list[Thing]]


def collect(cast: Cast) -> Shelf:
    """This will make everything that an address can name."""
    shelf: dict[str, list[Thing]] = {
        "model": [Thing("a model", (ChatModel.objects.published()[0].slug,))],
        "offering": [Thing("an offering", ("starter",))],
        "bundle": [Thing("another offering", ("business-bundle",))],
        "text": [Thing("the terms", ("terms",))],
        "member": [_of(member, member.pk, form=_place(member)) for member in _people(cast)],
        "assistant": _assistants(cast),
        "candidate": [_of(cast.members[name], cast.members[name].pk) for name in CANDIDATES],
    }
    for gather in (_said, _business, _joining, _domains, _guarded, _quotas, _extras, papers_of):
        shelf |= gather(cast)
    shelf["switch"] = [each for each in shelf["node"] if each.args[0] in {"department", "member", "scenario"}]
    shelf["key"] = [replace(each, args=each.args[1:]) for each in shelf["node"] if each.args[0] == "key"]
    return shelf


def _assistants(cast: Cast) -> list[Thing]:
    """One of the portal's own that children may start too, and one of each business."""
    common = shelves.common("tutor", now=cast.now, is_for_children=True).assistant
    kept = [Thing("everybody's", (common.slug,))]
    for maker in (cast.members["owner"], cast.members["stranger"]):
        made = shelves.published(maker, slug=f"of-{maker.pk}", now=cast.now)
        kept.append(_shared(maker, made.assistant.slug))
    return kept


def _people(cast: Cast) -> list[Member]:
    return [cast.members[name] for name in KNOWN]


def _of(member: Member, *args: object, form: Mapping[str, object] | None = None) -> Thing:
    """Something that a member holds."""
    return Thing(
        member.name,
        args,
        account_id=member.account_id,
        member_id=member.pk,
        department_id=member.department_id,
        is_ward=member.role == Member.Role.CHILD,
        form=form or {},
    )


def _place(member: Member) -> dict[str, object]:
    return {"role": member.role, "department": member.department_id or ""}


def _business(cast: Cast) -> dict[str, list[Thing]]:
    rooms, owner, stranger, now = cast.departments, cast.members["owner"], cast.members["stranger"], cast.now
    elsewhere = {"sales": "shop", "team": "shop", "shop": "sales", "works": "depot"}
    placed = {name: _room(rooms[name], {"parent": rooms[other].pk}) for name, other in elsewhere.items()}
    projects = [Project.objects.create(account=each.account, name="Fair", created_at=now) for each in (owner, stranger)]
    scenarios = [
        Scenario.objects.create(account=each.account, name="Contracts", created_at=now)
        for each in (owner, stranger, cast.members["parent"])
    ]
    common = Scenario.objects.filter(account=None)[0]
    nodes = [
        *(replace(each, args=("department", *each.args)) for each in placed.values()),
        *(_shared(each, "project", each.pk) for each in projects),
    ]
    return {
        "department": list(placed.values()),
        "empty department": [_room(rooms[name]) for name in ("attic", "loft", "depot")],
        "rehearsed file": [
            replace(_shared(each), form={"sealed": bulk._seal(files.file_of(), each)}) for each in (owner, stranger)
        ],
        "project": [_shared(each, each.pk) for each in projects],
        "scenario": [*(_shared(each, each.pk) for each in scenarios), Thing("everybody's", (common.pk,))],
        "row of the board": nodes,
        "node": [
            *nodes,
            *(_shared(each, "scenario", each.pk) for each in scenarios),
            Thing("everybody's scenario", ("scenario", common.pk)),
            *(_shared(each, "account", each.account_id) for each in (owner, stranger, cast.members["parent"])),
            *(_of(cast.members[name], "member", cast.members[name].pk) for name in COUNTED),
            *_keys(cast),
        ],
    }


def _room(room: Department, form: Mapping[str, object] | None = None) -> Thing:
    return Thing(
        room.name, (room.pk,), account_id=room.account_id, department_id=room.pk, is_place=True, form=form or {}
    )


def _shared(thing: Member | Project | Scenario, *args: object) -> Thing:
    """Something that belongs to an account as a whole."""
    return Thing(thing.name, args, account_id=thing.account_id)


def _keys(cast: Cast) -> Iterator[Thing]:
    for name in ("owner", "head", "clerk", "mate", "seller", "stranger", "parent"):
        holder = cast.members[name]
        key, _secret = api_keys.issue(holder, api_keys.Wish(label="editor"), by=holder.user, now=cast.now)
        yield _of(holder, "key", key.pk)


def _joining(cast: Cast) -> dict[str, list[Thing]]:
    owner, head, stranger = (cast.members[each] for each in ("owner", "head", "stranger"))
    rooms = {owner: cast.departments["shop"], head: cast.departments["team"], stranger: cast.departments["works"]}
    kept: dict[str, list[Thing]] = {"invitation": [], "asked invitation": [], "link": [], "offer": []}
    guest = User.objects.create_user("asks@example.com", name="asks")
    for inviter, room in rooms.items():
        place = invitations.Place(way="email", contact=f"of-{inviter.pk}@example.com", department_id=room.pk)
        made = invitations.invite(inviter, place, now=cast.now)
        kept["invitation"].append(_of(inviter, made.pk))
        kept["link"].append(_of(inviter, *invitations.link_of(made).split("/")[-3:-1]))
        place = invitations.Place(way="screen", department_id=room.pk)
        shown = invitations.invite(inviter, place, now=cast.now)
        invitations.ask(shown, user=guest, now=cast.now)
        kept["asked invitation"].append(_of(inviter, shown.pk))
    for name, offered_by in (("clerk", owner), ("seller", owner), ("guest", stranger)):
        to = cast.members[name]
        offer = OwnershipOffer.objects.create(
            account=to.account, member=to, offered_by=offered_by, created_at=cast.now, expires_at=cast.now + A_DAY
        )
        kept["offer"].append(_of(to, offer.pk))
    Invitation.objects.update(expires_at=cast.now + A_DAY)
    return kept


def _domains(cast: Cast) -> dict[str, list[Thing]]:
    """Mail domains that are open, by which nobody here has an address, and some that wait for their postmaster."""
    kept: dict[str, list[Thing]] = {"door": [], "domain link": []}
    for owner_of in (cast.members["owner"], cast.members["stranger"]):
        name = f"of-{owner_of.account_id}.example"
        for kind, verified_at in (("door", cast.now), ("domain link", None)):
            domain = MailDomain.objects.create(
                account=owner_of.account,
                domain=f"{kind[:4]}.{name}",
                claimed_by=owner_of.user,
                created_at=cast.now,
                verified_at=verified_at,
            )
            secret = [tickets.secret_of("domain", domain.pk)] if kind == "domain link" else []
            kept[kind].append(_shared(owner_of, domain.pk, *secret))
    return kept


def _guarded(cast: Cast) -> dict[str, list[Thing]]:
    """Two children of two households, a code of each on a screen, and their devices."""
    kept: dict[str, list[Thing]] = {"ward": [], "code": [], "ticket": [], "device": [], "child's chat": []}
    for name, guardian in (("child", "parent"), ("their_child", "neighbor")):
        child, by = cast.members[name], cast.members[guardian]
        ticket = devices.make_ticket(child, by=by, now=cast.now)
        kept["ward"] += [_of(child, child.pk), _of(by, by.pk)]
        kept["code"].append(_of(child, child.pk, ticket.pk))
        conversation, _call = usage_cast.answered(child, now=cast.now)
        kept["child's chat"].append(_of(child, child.pk, conversation.pk))
        kept["ticket"].append(_of(child, ticket.pk, tickets.secret_of("device", ticket.pk)))
        device = Device.objects.create(
            account=by.account,
            name="iPad",
            digest=name.encode(),
            added_by=by.user,
            created_at=cast.now,
            seen_at=cast.now,
        )
        kept["device"].append(_shared(by, device.pk))
    DeviceTicket.objects.update(expires_at=cast.now + A_DAY)
    for kind in ("code", "child's chat"):  # one's own child, and what is another one's
        theirs = kept[kind][1]
        kept[kind].append(replace(theirs, name="theirs under mine", args=(cast.members["child"].pk, theirs.args[1])))
    return kept


def _quotas(cast: Cast) -> dict[str, list[Thing]]:
    month = quotas.Terms(window=Quota.Window.MONTH, limit=credits(1_000))
    kept, made = [], {}
    for room in cast.departments.values():
        quota = quotas.put(room.account, node_kind="department", node_id=room.pk, terms=month, by=None, now=cast.now)
        made[room.name] = quota
        kept.append(replace(_room(room), args=(quota.pk,)))
    for member in (cast.members[name] for name in COUNTED):
        quota = quotas.put(member.account, node_kind="member", node_id=member.pk, terms=month, by=None, now=cast.now)
        kept.append(_of(member, quota.pk))
    lent = []
    for lender, borrower, by in (
        ("Shop", "Sales", "owner"),
        ("Sales", "Shop", "owner"),
        ("Works", "Depot", "stranger"),
    ):
        loan = loans.lend(
            made[lender], made[borrower], microcredits=credits(5), reason="", by=cast.members[by], now=cast.now
        )
        room = next(each for each in cast.departments.values() if each.name == borrower)
        lent.append(replace(_room(room), args=(loan.pk,)))
    return {
        "quota": kept,
        "loan": lent,
        "reclaim": [_reclaimed(made[name], cast) for name in ("Sales", "Shop", "Works")],
    }


def _reclaimed(quota: Quota, cast: Cast) -> Thing:
    taken = ledger.give_extra(quota.pk, amount=-credits(3))
    assert taken is not None
    assert taken.ends_at is not None
    reclaim = Reclaim.objects.create(
        account_id=quota.account_id,
        window_id=taken.window_id,
        due_date=cast.now.date(),
        microcredits=credits(3),
        reclaimed_at=cast.now,
        ends_at=taken.ends_at,
    )
    room = next(each for each in cast.departments.values() if each.pk == quota.node_id)
    return replace(_room(room), args=(reclaim.pk,))


def _extras(cast: Cast) -> dict[str, list[Thing]]:
    kept = []
    for name in ("head", "clerk", "mate", "seller", "guest", "child"):
        member = cast.members[name]
        quota = Quota.objects.get(node_kind="member", node_id=member.pk)
        asked = extras.ask(member, about="quota", quota=quota, amount=credits(5), now=cast.now)
        kept.append(_of(member, asked.pk))
    return {"extra": kept}


def _said(cast: Cast) -> dict[str, list[Thing]]:
    """Conversations with their answers, receipts, orders, and a passkey of somebody who is not here."""
    kept: dict[str, list[Thing]] = {"conversation": [], "answer": [], "call": [], "order": [], "line": []}
    for name in ("owner", "head", "clerk", "mate", "seller", "stranger", "parent", "child"):
        member = cast.members[name]
        conversation, call = usage_cast.answered(member, now=cast.now)
        kept["conversation"].append(_of(member, conversation.pk))
        kept["answer"].append(_of(member, call.pk))
        kept["call"].append(_of(member, firm.called(member, tokens=1_000).pk))
    for name in ("owner", "stranger", "parent", "suspended"):
        buyer = cast.members[name]
        order = orders.place(offerings.current("starter"), order_id=uuid4(), by=buyer, now=cast.now)
        kept["order"].append(_shared(buyer, order.pk))
        kept["line"].append(_shared(buyer, line_of(buyer, "+8613800001111").pk))
        plans_of.begin(order, now=cast.now)
    mate = cast.members["mate"]
    passkey = Authenticator.objects.create(user=mate.user, type=Authenticator.Type.WEBAUTHN, data={"name": "phone"})
    return kept | {"passkey": [_of(mate, passkey.pk)], "provider": [Thing("provider", ("carrier_billing",))]}
