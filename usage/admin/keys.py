"""Keys in admin, without their digests; a key ends by the same verb as for its owner, with all that runs."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.desks import ReadOnly, ReasonForm, reason_of, staff
from accounts.models import ApiKey
from portal.kit import clock
from usage import key_use


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly[ApiKey]):
    """Keys of all accounts; they stand here since their calls are seen from here alone."""

    list_display = ("label", "account", "member", "prefix", "last_four", "created_at", "revoked_at")
    list_select_related = ("account", "member")
    list_filter = ("created_at", ("revoked_at", admin.EmptyFieldListFilter))
    ordering = ("-pk",)
    search_fields = ("label", "prefix", "last_four", "account__name")
    show_full_result_count = False
    exclude = ("digest",)
    action_form = ReasonForm
    actions = ("revoke",)

    @admin.action(description=_("Revoke the chosen keys"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: Any) -> None:
        """This will revoke each chosen key that is in use, and stop its calls."""
        reason = reason_of(request)
        keys = list(chosen.filter(revoked_at=None).select_related("account")) if reason else []
        for key in keys:
            key_use.revoke(key, by=staff(request), reason=reason, now=clock.now())
        if reason:
            told = ngettext("Revoked %(count)d key.", "Revoked %(count)d keys.", len(keys))
            self.message_user(request, told % {"count": len(keys)})

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """This will ask for the right to change keys."""
        return request.user.has_perm("accounts.change_apikey")
