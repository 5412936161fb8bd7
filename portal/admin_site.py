"""The door of admin: sign-in through the same pages as everyone, and a second factor outside the demo."""

from collections.abc import Iterable
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from accounts.models import User

HIDDEN_APPS = {"account", "mfa", "socialaccount", "usersessions"}
SHELVES = ("accounts", "plans", "usage", "models_catalog", "portal", "auth")
"""What staff open most stands first."""


class DeskSite(AdminSite):
    """Django's own admin, named after the portal."""

    site_title = _("Administration")
    site_header = _("Administration")
    index_title = _("Everything the portal keeps")
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """This will take every model but those of the sign-in library: second factors are nobody's to see."""
        models = model_or_iterable if isinstance(model_or_iterable, Iterable) else [model_or_iterable]
        shown = [model for model in models if model._meta.app_label not in HIDDEN_APPS]
        super().register(shown, admin_class, **options)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """This will list the apps in the order in which they are used."""
        return sorted(super().get_app_list(request, app_label), key=lambda app: SHELVES.index(app["app_label"]))

    def has_permission(self, request: HttpRequest) -> bool:
        """This will let in staff alone; outside the demo only with a second factor."""
        return super().has_permission(request) and _has_second_factor(request.user)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """This will send people to the common sign-in, and staff without a second factor to setting one up."""
        if request.user.is_authenticated and request.user.is_staff and not _has_second_factor(request.user):
            return redirect("mfa_activate_totp")
        answer: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return answer


def _has_second_factor(user: Any) -> bool:
    return settings.DEMO or (isinstance(user, User) and is_mfa_enabled(user))
