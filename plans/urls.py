"""The addresses of the shop, of joining, of quotas and of keys."""

from django.urls import path

from plans.views import access, bulk, closing, extras, joining, keys, loans, quotas, reclaims, shop

app_name = "plans"

urlpatterns = [
    path("plans/", shop.plans, name="plans"),
    path("plans/business/", shop.plans, {"audience": "business"}, name="business_plans"),
    path("plans/models/", access.beyond, name="beyond"),
    path("checkout/orders/<uuid:order_id>/", shop.order, name="order"),
    path("checkout/orders/<uuid:order_id>/cancellation/", shop.cancellation, name="cancellation"),
    path("checkout/<slug:slug>/", shop.checkout, name="checkout"),
    path("billing/", shop.bills, name="billing"),
    path("join/domains/<int:domain_id>/", joining.door, name="door"),
    path("join/<int:invitation_id>/<str:secret>/", joining.invitation, name="invitation"),
    path("people/invitations/<int:invitation_id>/confirmation/", joining.confirmation, name="invitation_confirmation"),
    path("people/departments/<int:department_id>/closing/", closing.department, name="department_closing"),
    path("people/projects/<int:project_id>/closing/", closing.project, name="project_closing"),
    path("people/scenarios/<int:scenario_id>/closing/", closing.scenario, name="scenario_closing"),
    path("people/file/", bulk.bulk, name="bulk"),
    path("people/file/execution/", bulk.execution, name="bulk_execution"),
    path("people/file/export/", bulk.export, name="bulk_export"),
    path("quotas/<str:kind>/<int:node_id>/", quotas.quotas, name="quotas"),
    path("quotas/<str:kind>/<int:node_id>/access/", quotas.rule, name="access_rule"),
    path("quotas/<int:quota_id>/ending/", quotas.ending, name="quota_ending"),
    path("keys/", keys.keys, name="keys"),
    path("keys/start/", keys.start, name="key_start"),
    path("keys/<int:key_id>/", keys.key, name="key"),
    path("keys/<int:key_id>/rotation/", keys.rotation, name="key_rotation"),
    path("keys/<int:key_id>/brake/", keys.brake, name="key_brake"),
    path("extras/", extras.extras, name="extras"),
    path("extras/<int:extra_id>/", extras.extra, name="extra"),
    path("extras/<int:extra_id>/approval/", extras.approval, name="extra_approval"),
    path("extras/<int:extra_id>/refusal/", extras.refusal, name="extra_refusal"),
    path("extras/<int:extra_id>/withdrawal/", extras.withdrawal, name="extra_withdrawal"),
    path("loans/", loans.loans, name="loans"),
    path("loans/<int:loan_id>/return/", loans.loan_return, name="loan_return"),
    path("reclaims/", reclaims.reclaims, name="reclaims"),
    path("reclaims/saving/", reclaims.saving, name="reclaims_saving"),
    path("reclaims/return/", reclaims.all_returned, name="reclaims_return"),
    path("reclaims/<int:reclaim_id>/return/", reclaims.returned, name="reclaim_return"),
    path("billing/orders/<uuid:order_id>/", shop.receipt, name="receipt"),
]
