"""Where people leave for the identity provider and come back; allauth includes it under /accounts/."""

from django.urls import path

from accounts.oidc import views
from accounts.oidc.wiring import SLUG

urlpatterns = [
    path("oidc/", views.login, {"provider_id": SLUG}, name="openid_connect_login"),
    path("oidc/callback/", views.callback, {"provider_id": SLUG}, name="openid_connect_callback"),
]
