"""Who sees what behind every address: one without a row fails the build, and so does a row without an address."""

from collections.abc import Mapping

from tests.strangers.allowed import (
    BILL,
    CHANGED,
    CHANGED_IN_BUSINESS,
    DECIDERS,
    GROWN,
    INVITER,
    INVITERS,
    KEY,
    KEYED,
    LEADERS,
    MAKER,
    MANAGERS,
    MEMBERS,
    MONEY,
    NOBODY,
    NODE,
    NODE_PAUSED,
    OF_BUSINESS,
    OWN,
    PERSONS,
    READERS,
    TREE,
    TREE_CHANGED,
    WARD,
)
from tests.strangers.plan_rows import PLANS
from tests.strangers.rules import HIDDEN, PUBLIC, Row, everybody, machine, may

DESK, SIGNING_IN = GROUPS = "admin/", "accounts/"
"""Addresses of Django's admin and of the sign-in library, which are tried as a whole beside those in the table."""
OPEN_TO_STAFF = (
    "admin/",
    "/login/",
    "/logout/",
    "/password_change/",
    "/done/",
    "/jsi18n/",
    "/<path:object_id>/",  # leads to what is asked again
    "(?P<url>.*)$",  # writes the slash that is missing
)
"""What of the desk staff without any right may open."""

PORTAL = {
    "": Row(get=PUBLIC),
    "help/": Row(get=PUBLIC),
    "help/style/": Row(get=HIDDEN),  # in the demo alone
    "more/": Row(get=PUBLIC),
    "brand.css": Row(get=PUBLIC),
    "brand/logo": Row(get=HIDDEN),  # there is none here
    "robots.txt": Row(get=PUBLIC),
    "manifest.webmanifest": Row(get=PUBLIC),
    "favicon.ico": Row(get=PUBLIC),
    "healthz": Row(get=PUBLIC),
    "readyz": Row(get=PUBLIC),
}
CATALOG = {
    "models/": Row(get=PUBLIC),
    "models/compare/": Row(get=PUBLIC),
    "models/prices/": Row(get=PUBLIC),
    "models/<path:slug>/": Row("model", get=PUBLIC),
}
ACCOUNTS = {
    "accounts/founding/": Row(get=PERSONS, post=PERSONS),
    "legal/<slug:kind>/": Row("text", get=PUBLIC),
    "language/": Row(post=PUBLIC, form={"language": "en"}),
    "news/": Row(get=MEMBERS),
    "news/sight/": Row(post=MEMBERS),
    "people/": Row(get=GROWN),
    "people/account/": Row(get=PERSONS, post=LEADERS, form={"name": "Other", "time_zone": "Asia/Shanghai"}),
    "people/me/": Row(get=PERSONS, post=GROWN, form={"name": "Other"}),
    "people/acting/": Row(get=PERSONS, post=PERSONS),
    "people/resignation/": Row(post=NOBODY),  # each is the last owner here
    "people/ownership/<int:offer_id>/acceptance/": Row("offer", post=may(adult="mine")),
    "people/ownership/<int:offer_id>/refusal/": Row("offer", post=may(adult="mine")),
    "people/ownership/<int:offer_id>/withdrawal/": Row(
        "offer", post=may(owner="all", payer="!all", auditor="!all", head="!all", adult="!all")
    ),
    "people/invitations/": Row(get=INVITERS, post=INVITERS),
    "people/invitations/<int:invitation_id>/": Row("invitation", get=INVITER),
    "people/invitations/<int:invitation_id>/sending/": Row("invitation", post=INVITER),
    "people/invitations/<int:invitation_id>/withdrawal/": Row("invitation", post=INVITER),
    "people/invitations/<int:invitation_id>/refusal/": Row("asked invitation", post=INVITER),
    "people/departments/": Row(
        get={**READERS, "head": "all", "parent": "never"},
        post=may(owner="all", payer="never", auditor="never", head="all", parent="never"),
    ),
    "people/departments/<int:department_id>/": Row("department", get=TREE, post=TREE_CHANGED, form={"name": "Other"}),
    "people/departments/<int:department_id>/place/": Row(
        "department", post=may(owner="all", payer="!all", auditor="!all", head="led", parent="never")
    ),
    "people/projects/": Row(
        get=OF_BUSINESS,
        post=may(owner="all", payer="never", auditor="never", parent="never"),
        form={"name": "Other"},
    ),
    "people/projects/<int:project_id>/": Row(
        "project", get=OF_BUSINESS, post=CHANGED_IN_BUSINESS, form={"name": "Other"}
    ),
    "people/scenarios/": Row(
        get=READERS, post=may(owner="all", payer="never", auditor="never"), form={"name": "Other"}
    ),
    "people/scenarios/<int:scenario_id>/": Row("scenario", get=READERS, post=CHANGED, form={"name": "Other"}),
    "people/children/": Row(get=DECIDERS, post=DECIDERS),
    "people/devices/": Row(get=DECIDERS),
    "people/devices/<int:device_id>/ending/": Row("device", post=DECIDERS),
    "people/domains/": Row(get={**DECIDERS, "parent": "never"}, post={**DECIDERS, "parent": "never"}),
    "people/domains/<int:domain_id>/ending/": Row("door", post=DECIDERS),
    "domains/<int:domain_id>/<str:secret>/": Row("domain link", get=PUBLIC, post=PUBLIC),
    "people/<int:member_id>/": Row(
        "member",
        get=may(owner="all", payer="all", auditor="all", head="led", adult="mine"),
        post=may(owner="all", payer="!all", auditor="!all", head="!led", adult="!mine"),
    ),
    "people/<int:member_id>/ownership/": Row(
        "candidate",
        post=may(owner="!mine !ward all", payer="!all", auditor="!all", head="!led", adult="!mine"),
    ),
    "people/<int:member_id>/child/": Row("ward", get=WARD, post=WARD),
    "people/<int:member_id>/child/pin/": Row("ward", post=WARD, form={"pin": "9173"}),
    "people/<int:member_id>/child/reading/": Row("ward", post=WARD),
    "people/<int:member_id>/child/privacy/": Row("ward", post=WARD),
    "people/<int:member_id>/child/codes/": Row("ward", post=WARD),
    "people/<int:member_id>/child/codes/<int:ticket_id>/": Row("code", get=WARD),
    "who/": Row(get=everybody("asked", child="all"), post=everybody("asked", child="all")),
    "who/leaving/": Row(post=PUBLIC),
    "who/<int:ticket_id>/<str:secret>/": Row("ticket", get=PUBLIC, post=PUBLIC),
    "demo/messages/": Row(get=HIDDEN),  # in the demo alone
}
USAGE = {
    "assistants/": Row(get=PUBLIC),
    "assistants/new/": Row(get=MAKER, post=MAKER),
    "assistants/<slug:slug>/": Row(
        "assistant",
        get=everybody("common", **dict.fromkeys(("owner", "payer", "auditor", "head", "adult"), "common all")),
    ),
    "assistants/<slug:slug>/revision/": Row("assistant", get=MAKER, post=MAKER),
    "assistants/<slug:slug>/publication/": Row("assistant", post=MAKER),
    "assistants/<slug:slug>/withdrawal/": Row("assistant", post=MAKER),
    "chat/": Row(get=MEMBERS, post=MEMBERS, form={"text": "", "model": "fast"}),
    "chat/estimate/": Row(post=MEMBERS, form={"text": "Why?", "model": "fast"}),
    "chat/answers/<uuid:call_id>/stream/": Row("answer", get=may(of_all="mine", nobody="", anonymous="")),
    "chat/answers/<uuid:call_id>/stop/": Row("answer", post=OWN),
    "chat/answers/<uuid:call_id>/vote/": Row("answer", post=OWN, form={"thumb": "up"}),
    "chat/answers/<uuid:call_id>/vote/removal/": Row("answer", post=OWN),
    "chat/<uuid:conversation_id>/": Row("conversation", get=OWN),
    "chat/<uuid:conversation_id>/turns/": Row("conversation", post=OWN, form={"text": "", "model": "fast"}),
    "chat/<uuid:conversation_id>/removal/": Row("conversation", post=OWN),
    "chat/<uuid:conversation_id>/export/": Row("conversation", get=OWN),
    "people/<int:member_id>/removal/": Row(
        "member",
        get=may(of_all="mine", owner="all", head="led", child=""),
        post=may(of_all="mine", owner="!mine all", head="led", child=""),
    ),
    "people/<int:member_id>/handover/": Row(
        "member", get=may(of_all="mine", child="", nobody=""), post=may(of_all="mine", child="", nobody="")
    ),
    "people/<int:member_id>/child/chats/": Row("ward", get=WARD),
    "people/<int:member_id>/child/chats/<uuid:conversation_id>/": Row("child's chat", get=WARD),
    "keys/<int:key_id>/first-call/": Row("key", get=KEY),
    "keys/<int:key_id>/revocation/": Row("key", get=KEY, post=KEY, form={"reason": "lost"}),
    "privacy/<int:member_id>/": Row("member", get=may(of_all="mine", owner="mine ward", child="")),
    "privacy/<int:member_id>/export/": Row("member", post=may(of_all="mine", owner="mine ward", child="")),
    "privacy/<int:member_id>/erasure/": Row("member", post=may(of_all="mine", owner="mine ward", child="")),
    "pauses/<str:kind>/<int:node_id>/": Row(
        "switch", get={**NODE, "owner": "all", "payer": "all", "auditor": "all"}, post=NODE_PAUSED
    ),
    "pauses/<str:kind>/<int:node_id>/end/": Row(
        "switch", get={**NODE, "owner": "all", "payer": "all", "auditor": "all"}, post=NODE_PAUSED
    ),
    "billing/bills/": Row(get=MONEY),
    "billing/bills/<int:year>-<int:month>/": Row("month", get=BILL),
    "billing/bills/<int:year>-<int:month>/paper.pdf": Row("month", get=BILL),
    "billing/bills/<int:year>-<int:month>/lines.csv": Row("month", get=BILL),
    "board/": Row(get=OF_BUSINESS, post=OF_BUSINESS),
    "board/saving/": Row(post=may(owner="all", payer="never", auditor="never", parent="never")),
    "board/undo/": Row(post=may(owner="never", payer="never", auditor="never")),  # nothing was saved
    "board/<str:kind>/<int:node_id>/replay/": Row("row of the board", post=OF_BUSINESS),
    "cost/": Row(get=PUBLIC, post=PUBLIC),
    "plans/advice/": Row(get=MONEY),
    "usage/": Row(get=MEMBERS),
    "usage/refusals/": Row(get=MEMBERS),
    "usage/calls/<uuid:call_id>/": Row(
        "call", get=may(of_all="mine", owner="all", payer="all", auditor="all", head="led")
    ),
}
MACHINES = {
    "v1/openapi.json": Row(get=PUBLIC, post=PUBLIC),
    "v1/docs": Row(get=PUBLIC, post=PUBLIC),
    "v1/": Row(get=HIDDEN, post=HIDDEN),
    "v1/models": Row(get=KEYED),
    "v1/models/<path:name>": Row("model", get=KEYED),
    "v1/calls/<uuidstr:call_id>": Row("call", get=machine(key="mine", manager="mine", small_manager="mine")),
    "v1/balance": Row(get=KEYED),
    "v1/key": Row(get=KEYED),
    "v1/chat/completions": Row(post=machine()),  # the thin application answers before Django does
    "v1/responses": Row(post=machine()),  # as above
    "v1/messages": Row(post=machine()),  # as above
    "v1/messages/count_tokens": Row(post=machine()),  # as above
    "v1/keys": Row(get=MANAGERS, post=MANAGERS, form={"label": "made"}),
    "v1/keys/<int:key_id>/revocation": Row(
        "key", post=machine(key="never", manager="all", small_manager="mine"), form={"reason": "lost"}
    ),
    "v1/usage": Row(get=MANAGERS),
    "v1/<path:rest>": Row("model", get=HIDDEN, post=HIDDEN),
}
SIGN_IN = {
    "accounts/2fa/webauthn/keys/<int:pk>/remove/": Row("passkey", get=may(nobody=""), post=may(nobody="")),
    "accounts/2fa/webauthn/keys/<int:pk>/edit/": Row("passkey", get=may(nobody=""), post=may(nobody="")),
}
TABLE: Mapping[str, Row] = {**PORTAL, **CATALOG, **ACCOUNTS, **PLANS, **USAGE, **MACHINES, **SIGN_IN}
