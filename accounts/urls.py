"""The pages of people: founding, keys, the account, the legal texts and the demo's mailbox."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("accounts/founding/", views.founding, name="founding"),
    path("legal/<slug:kind>/", views.legal_text, name="legal_text"),
    path("language/", views.language, name="language"),
    path("people/", views.people, name="people"),
    path("people/account/", views.account, name="account"),
    path("people/me/", views.me, name="me"),
    path("keys/", views.keys, name="keys"),
    path("keys/<int:key_id>/revocation/", views.revocation, name="key_revocation"),
    path("demo/messages/", views.demo_messages, name="demo_messages"),
]
