"""The pages of people: founding, joining, children and their devices, keys, the account, texts, the demo's mailbox."""

from django.urls import path

from accounts.views import account, children, devices, invitations, keys, people, proof

urlpatterns = [
    path("accounts/founding/", account.founding, name="founding"),
    path("accounts/proof/", proof.proof, name="proof"),
    path("legal/<slug:kind>/", account.legal_text, name="legal_text"),
    path("language/", account.language, name="language"),
    path("news/", people.news, name="news"),
    path("news/sight/", people.sight, name="news_sight"),
    path("people/", people.people, name="people"),
    path("people/account/", account.account, name="account"),
    path("people/me/", account.me, name="me"),
    path("people/acting/", people.acting, name="acting"),
    path("people/resignation/", people.resignation, name="resignation"),
    path("people/ownership/<int:offer_id>/acceptance/", people.acceptance, name="ownership_acceptance"),
    path("people/ownership/<int:offer_id>/refusal/", people.refusal, name="ownership_refusal"),
    path("people/ownership/<int:offer_id>/withdrawal/", people.withdrawal, name="ownership_withdrawal"),
    path("people/invitations/", invitations.invitations, name="invitations"),
    path("people/invitations/<int:invitation_id>/", invitations.invitation_page, name="invitation_page"),
    path("people/invitations/<int:invitation_id>/sending/", invitations.sending, name="invitation_sending"),
    path("people/invitations/<int:invitation_id>/withdrawal/", invitations.withdrawal, name="invitation_withdrawal"),
    path("people/invitations/<int:invitation_id>/refusal/", invitations.refusal, name="invitation_refusal"),
    path("people/children/", children.opening, name="child_opening"),
    path("people/devices/", devices.devices, name="devices"),
    path("people/devices/<int:device_id>/ending/", devices.ending, name="device_ending"),
    path("people/<int:member_id>/", people.person_page, name="person"),
    path("people/<int:member_id>/ownership/", people.offers, name="ownership_offers"),
    path("people/<int:member_id>/child/", children.child, name="child"),
    path("people/<int:member_id>/child/pin/", children.pin, name="child_pin"),
    path("people/<int:member_id>/child/reading/", children.reading, name="child_reading"),
    path("people/<int:member_id>/child/privacy/", children.privacy, name="child_privacy"),
    path("people/<int:member_id>/child/codes/", devices.tickets, name="device_tickets"),
    path("people/<int:member_id>/child/codes/<int:ticket_id>/", devices.code, name="device_code"),
    path("who/", devices.who, name="who"),
    path("who/leaving/", devices.leaving, name="who_leaving"),
    path("who/<int:ticket_id>/<str:secret>/", devices.device_ticket, name="device_ticket"),
    path("keys/", keys.keys, name="keys"),
    path("keys/<int:key_id>/revocation/", keys.revocation, name="key_revocation"),
    path("demo/messages/", account.demo_messages, name="demo_messages"),
]
