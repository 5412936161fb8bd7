"""Who sees what behind every address: one without a row fails the build, and so does a row without an address."""

from collections.abc import Mapping

from tests.strangers.rules import HIDDEN, PUBLIC, Row, Rule, everybody, machine, may

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

OWN = may(of_all="mine")
MEMBERS = may(of_all="all")
GROWN = may(of_all="all", child="")
PERSONS = may(of_all="all", child="", nobody="all")
NOBODY = may(of_all="never", child="")
OWNERS = may(owner="all")
DECIDERS = may(owner="all", payer="never", auditor="never", head="never", adult="never")
LEADERS = may(owner="all", payer="all", auditor="never", head="never", adult="never")
INVITERS = may(owner="all", payer="never", auditor="never", head="all", adult="never")
INVITER = may(owner="all", head="mine")
READERS = may(owner="all", payer="all", auditor="all")
OF_BUSINESS = {**READERS, "parent": "never"}
CHANGED: Rule = may(owner="all", payer="!all", auditor="!all")
CHANGED_IN_BUSINESS = {**CHANGED, "parent": "never"}
TREE = may(owner="all", payer="all", auditor="all", head="led", parent="never")
CLOSED = may(owner="all", payer="!all", auditor="!all", head="!mine near")
TREE_CHANGED = may(owner="all", payer="!all", auditor="!all", head="!mine near", parent="never")
WARD = may(owner="ward")
MONEY = may(owner="all", payer="all", auditor="all", head="never", adult="never")
UNPAID = may(owner="!all", payer="!all", auditor="never", head="never", adult="never")
"""Nothing goes back of what was not paid."""
BILL = may(owner="common", payer="common", auditor="common", head="never", adult="never")
"""Each sees the own account's month at the same address."""
NODE = may(of_all="mine", owner="all common", payer="all common", auditor="all common", head="led")
NODE_CHANGED = may(
    owner="all common", payer="!all !common", auditor="!all !common", head="!mine near", adult="!mine", child="!mine"
)
NODE_PAUSED = may(owner="all", payer="!all", auditor="!all", head="!mine near", adult="!mine", child="!mine")
NOT_NOW = may(owner="!page", payer="!page", auditor="never", head="never", adult="never")
PLAN_CHANGED = may(owner="common", payer="common", auditor="never", head="never", adult="never", parent="!common")
KEY = may(owner="all", payer="all", head="mine", adult="mine")
KEY_BRAKED = may(owner="all", payer="!all", head="!mine", adult="!mine")
ANSWERED = may(owner="all", head="!mine near", adult="!mine", child="!mine")

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
PLANS = {
    "plans/": Row(get=PUBLIC),
    "plans/business/": Row(get=PUBLIC),
    "plans/models/": Row(get=PUBLIC),
    "plans/compare/": Row(get=PUBLIC),
    "plans/fit/": Row(get=PUBLIC),
    "plans/<slug:slug>/": Row("offering", get=PUBLIC),
    # what costs something is no gift, whoever asks
    "plans/<slug:slug>/gift/": Row("offering", post=may(of_all="!common", nobody="!common", anonymous="?common")),
    "checkout/<slug:slug>/": Row(
        "offering",
        get=may(of_all="!common", owner="common", payer="common", child="", nobody="common", anonymous="?common"),
        post=may(of_all="!common", owner="common", payer="common", child="", nobody="common", anonymous="?common"),
    ),
    "checkout/orders/<uuid:order_id>/": Row("order", get=LEADERS),
    "checkout/orders/<uuid:order_id>/code/": Row("order", post=LEADERS, form={"code": ""}),
    "checkout/orders/<uuid:order_id>/payments/": Row("order", post=LEADERS, form={"way": "nothing"}),
    "checkout/orders/<uuid:order_id>/cancellation/": Row("order", post=LEADERS),
    "payments/<slug:way>/messages/": Row("provider", post=HIDDEN),  # none is connected here
    "billing/": Row(get=MONEY),
    "billing/methods/": Row(get=MONEY),
    "billing/methods/<int:method_id>/ceiling/": Row(
        "line",
        get=may(owner="all", payer="!all", auditor="!all", head="never", adult="never"),
        post=may(owner="all", payer="!all", auditor="!all", head="never", adult="never"),
    ),
    "billing/methods/<int:method_id>/removal/": Row("line", post=LEADERS),
    "billing/orders/<uuid:order_id>/refund/": Row("order", get=LEADERS, post=UNPAID),
    "billing/plan/": Row(get=MONEY),
    "billing/plan/cancellation/": Row(get=LEADERS, post=LEADERS),
    "billing/plan/continuation/": Row(get=LEADERS, post=NOT_NOW),  # it goes on
    "billing/plan/pause/": Row(get=LEADERS, post=LEADERS),
    "billing/plan/resumption/": Row(get=LEADERS, post=NOT_NOW),  # as above
    "billing/plan/method/": Row(get=LEADERS, post=LEADERS),
    "billing/plan/changes/": Row(get=LEADERS),
    "billing/plan/changes/<slug:slug>/": Row("bundle", get=PLAN_CHANGED, post=PLAN_CHANGED),
    "billing/plan/keeping/": Row(post=LEADERS),
    "billing/orders/<uuid:order_id>/": Row("order", get=MONEY),
    "billing/invoices/": Row(get=MONEY),
    "billing/invoices/<slug:number>/": Row("invoice", get=MONEY),
    "billing/invoices/<slug:number>/paper.pdf": Row("invoice", get=MONEY),
    "billing/titles/": Row(get=MONEY, post=LEADERS, form={"kind": "personal", "name": "Other"}),
    "billing/titles/<int:title_id>/": Row(
        "title", get=LEADERS, post=LEADERS, form={"kind": "personal", "name": "Other"}
    ),
    "billing/titles/<int:title_id>/choice/": Row("title", post=LEADERS),
    "billing/titles/<int:title_id>/removal/": Row("title", post=LEADERS),
    "billing/fapiao/": Row(get=MONEY, post=LEADERS),
    "billing/fapiao/<uuid:fapiao_id>/file.pdf": Row("fapiao", get=MONEY),
    "join/<int:invitation_id>/<str:secret>/": Row(
        "link", get=everybody(child=""), post=everybody("!any", child="", anonymous="?any")
    ),
    "join/domains/<int:domain_id>/": Row("door", post=may(nobody="")),
    "people/invitations/<int:invitation_id>/confirmation/": Row("asked invitation", post=INVITER),
    "people/departments/<int:department_id>/closing/": Row("empty department", get=CLOSED, post=CLOSED),
    "people/projects/<int:project_id>/closing/": Row("project", get=CHANGED, post=CHANGED),
    "people/scenarios/<int:scenario_id>/closing/": Row("scenario", get=CHANGED, post=CHANGED),
    "people/file/": Row(get=OF_BUSINESS, post={**DECIDERS, "head": "", "adult": "", "parent": "never"}),
    "people/file/execution/": Row(
        "rehearsed file", post=may(owner="all", payer="never", auditor="never", parent="never")
    ),
    "people/file/export/": Row(get=OF_BUSINESS),
    "quotas/<str:kind>/<int:node_id>/": Row(
        "node",
        get=NODE,
        post=NODE_CHANGED,
        form={"window": "week", "amount": "5", "unit": "credits", "grace_percent": "0"},
    ),
    "quotas/<str:kind>/<int:node_id>/access/": Row("node", post=NODE_CHANGED),
    "quotas/<int:quota_id>/ending/": Row("quota", get=NODE_PAUSED, post=NODE_PAUSED),
    "keys/": Row(get=GROWN, post={**GROWN, "auditor": "never"}, form={"label": "editor"}),
    "keys/start/": Row(get=GROWN),
    "keys/<int:key_id>/": Row("key", get=KEY),
    "keys/<int:key_id>/rotation/": Row("key", get=KEY, post={**KEY, "payer": "!all"}, form={"overlap_seconds": "0"}),
    "keys/<int:key_id>/brake/": Row("key", post=KEY_BRAKED),
    "extras/": Row(get=MEMBERS, post=MEMBERS),
    "extras/<int:extra_id>/": Row("extra", get=may(of_all="mine", owner="all", head="led")),
    "extras/<int:extra_id>/approval/": Row("extra", post=ANSWERED, form={"amount": "3"}),
    "extras/<int:extra_id>/refusal/": Row("extra", post=ANSWERED),
    "extras/<int:extra_id>/withdrawal/": Row("extra", post=OWN),
    "loans/": Row(get={**OF_BUSINESS, "head": "all"}, post={**OF_BUSINESS, "head": "all"}),
    "loans/<int:loan_id>/return/": Row("loan", post=may(owner="all", payer="!all", auditor="!all", head="mine")),
    "reclaims/": Row(get=OF_BUSINESS, post=OF_BUSINESS, form={"days": "10, 20", "floor_percent": "20"}),
    "reclaims/saving/": Row(
        post=may(owner="all", payer="never", auditor="never", parent="never"),
        form={"days": "10, 20", "floor_percent": "20"},
    ),
    "reclaims/return/": Row(post=may(owner="all", payer="never", auditor="never", parent="never")),
    "reclaims/<int:reclaim_id>/return/": Row("reclaim", post=CHANGED_IN_BUSINESS),
}
MAKER = may(owner="all", payer="all", auditor="never", head="all", adult="never", child="never", parent="never")
"""A household has no assistants of its own."""
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
    "usage/": Row(get=MEMBERS),
    "usage/refusals/": Row(get=MEMBERS),
    "usage/calls/<uuid:call_id>/": Row(
        "call", get=may(of_all="mine", owner="all", payer="all", auditor="all", head="led")
    ),
}
KEYED = machine(key="any", manager="any", small_manager="any")
MANAGERS = machine(key="never", manager="any", small_manager="any")
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
