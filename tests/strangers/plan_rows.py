"""Who sees what behind the addresses of plans, of quotas and of keys."""

from tests.strangers.allowed import (
    ANSWERED,
    CHANGED,
    CHANGED_IN_BUSINESS,
    CLOSED,
    DECIDERS,
    GROWN,
    INVITER,
    KEY,
    KEY_BRAKED,
    LEADERS,
    MEMBERS,
    MONEY,
    NODE,
    NODE_CHANGED,
    NODE_PAUSED,
    NOT_NOW,
    OF_BUSINESS,
    OWN,
    PLAN_CHANGED,
    UNPAID,
)
from tests.strangers.rules import HIDDEN, PUBLIC, Row, everybody, may

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
"""A household has no assistants of its own."""
