"""People and accounts in admin: plain lists and forms; what is a record is only read."""

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import api_keys, audit
from accounts.models import (
    Account,
    Agreement,
    ApiKey,
    AuditEvent,
    Department,
    LegalText,
    Member,
    Project,
    Scenario,
    SentMessage,
    User,
)
from portal.kit import clock

Row = TypeVar("Row", bound=Model)

if TYPE_CHECKING:
    Desk = admin.ModelAdmin
    Form = forms.ModelForm[Any]
else:
    Form = forms.ModelForm

    class Desk(admin.ModelAdmin):
        """Django's own, which is generic in the stubs only."""

        def __class_getitem__(cls, _row: type[Model]) -> type["Desk"]:
            return cls


class ReasonForm(Form):
    """The columns of any row, and beside them the reason for the change."""

    reason = forms.CharField(label=_("Why?"), max_length=300)


class Audited(Desk[Row]):
    """Every change by staff says why, and is written down."""

    form = ReasonForm

    def save_model(self, request: HttpRequest, obj: Row, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """This will store the row and the reason."""
        super().save_model(request, obj, form, change)
        audit.record(
            f"staff.{'change' if change else 'add'}.{obj._meta.model_name}",
            subject=str(obj),
            account=_account_of(obj),
            by=_staff(request),
            now=clock.now(),
            reason=form.cleaned_data["reason"],
            fields=sorted(set(form.changed_data) - {"reason"}),
        )

    def get_fields(self, request: HttpRequest, obj: Row | None = None) -> Any:
        """This will put the reason last, where there is anything to change."""
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return [*(self.fields or ()), *(["reason"] if may_write else [])]

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:  # noqa: ARG002 - Django's signature
        """This will let nobody delete: people leave, things are paused."""
        return False


class ReadOnly(Desk[Row]):
    """A record: it can be looked at and nothing else."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """This will let nobody write one by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:  # noqa: ARG002 - as above
        """This will let nobody change one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:  # noqa: ARG002 - as above
        """This will let nobody delete one."""
        return False


@admin.register(User)
class UserAdmin(Audited[User]):
    """People who can sign in. Who may do what in admin is set by superusers alone."""

    list_display = ("__str__", "email", "phone", "is_staff", "is_active", "created_at")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "phone", "name")
    fields = ("name", "email", "phone", "language", "is_active", "is_staff", "is_superuser", "groups")
    filter_horizontal = ("groups",)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """This will keep powers out of the hands of those who are not superusers, and addresses as verified."""
        powers = () if _staff(request).is_superuser else ("is_staff", "is_superuser", "groups")
        return ("email", "phone", *powers) if obj else powers

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """This will let nobody make a person: people sign up and verify their own address."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """This will keep superusers in the hands of superusers."""
        above = obj is not None and obj.is_superuser and not _staff(request).is_superuser
        return super().has_change_permission(request, obj) and not above


@admin.register(Account)
class AccountAdmin(Audited[Account]):
    """Households and businesses. They are founded by their owners."""

    list_display = ("name", "kind", "time_zone", "created_at", "suspended_at")
    list_filter = ("kind",)
    search_fields = ("name", "members__user__email", "members__user__phone")
    fields = ("name", "kind", "time_zone", "suspended_at")
    readonly_fields = ("kind",)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """This will let nobody found one for others: it would have no owner."""
        return False


@admin.register(Member)
class MemberAdmin(Audited[Member]):
    """Who belongs where, in which role."""

    list_display = ("name", "account", "role", "department", "joined_at", "left_at", "paused_at")
    list_filter = ("role",)
    list_select_related = ("account", "department")
    search_fields = ("name", "account__name", "user__email", "user__phone")
    fields = ("account", "user", "name", "role", "department", "joined_at", "left_at", "paused_at")
    raw_id_fields = ("account", "user", "department")

    def get_readonly_fields(self, request: HttpRequest, obj: Member | None = None) -> Any:  # noqa: ARG002 - Django's signature
        """This will keep a member in the account that they joined."""
        return ("account", "user", "joined_at") if obj else ()


class NodeAdmin(Audited[Row]):
    """Parts of an account that calls are counted for."""

    list_display = ("name", "account", "created_at", "paused_at")
    list_select_related = ("account",)
    search_fields = ("name", "account__name")
    raw_id_fields: ClassVar[tuple[str, ...]] = ("account",)
    fields: ClassVar[tuple[str, ...]] = ("account", "name", "created_at", "paused_at")


@admin.register(Department)
class DepartmentAdmin(NodeAdmin[Department]):
    """Departments of businesses."""

    raw_id_fields = ("account", "parent")
    fields = ("account", "parent", "name", "created_at", "paused_at")


@admin.register(Project)
class ProjectAdmin(NodeAdmin[Project]):
    """Projects of businesses."""


@admin.register(Scenario)
class ScenarioAdmin(NodeAdmin[Scenario]):
    """What calls are for."""


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly[ApiKey]):
    """Keys, without their digests; a key ends by the same verb as for its owner."""

    list_display = ("label", "account", "member", "prefix", "last_four", "created_at", "revoked_at")
    list_select_related = ("account", "member")
    search_fields = ("label", "prefix", "last_four", "account__name")
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description=_("Revoke the chosen keys"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: Any) -> None:
        """This will revoke each chosen key that is in use."""
        for key in chosen.filter(revoked_at=None).select_related("account"):
            api_keys.revoke(key, by=_staff(request), reason="revoked by staff", now=clock.now())

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """This will ask for the right to change keys."""
        return request.user.has_perm("accounts.change_apikey")


@admin.register(LegalText)
class LegalTextAdmin(Audited[LegalText]):
    """The texts people agree to. A published one is only read; a change is a new version."""

    list_display = ("kind", "version", "language", "published_at")
    list_filter = ("kind", "language")
    fields = ("kind", "version", "language", "body", "published_at")

    def has_change_permission(self, request: HttpRequest, obj: LegalText | None = None) -> bool:
        """This will keep what is published as it is."""
        return super().has_change_permission(request, obj) and (obj is None or obj.published_at is None)


@admin.register(Agreement)
class AgreementAdmin(ReadOnly[Agreement]):
    """Who agreed to which version, and when."""

    list_display = ("user", "legal_text", "agreed_at")
    list_select_related = ("user", "legal_text")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly[AuditEvent]):
    """Who did what, when and why."""

    list_display = ("created_at", "verb", "subject", "actor", "account", "reason")
    list_select_related = ("actor", "account")
    search_fields = ("verb", "subject", "reason")
    date_hierarchy = "created_at"


@admin.register(SentMessage)
class SentMessageAdmin(ReadOnly[SentMessage]):
    """What the demo sent."""

    list_display = ("created_at", "channel", "recipient", "subject")


def _staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _account_of(row: Model) -> Account | None:
    owner = row if isinstance(row, Account) else getattr(row, "account", None)
    return owner if isinstance(owner, Account) else None
