"""People and accounts in admin: plain lists and forms; what is a record is only read."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.desks import Audited, Endless, Row, staff
from accounts.models import (
    Account,
    Agreement,
    AuditEvent,
    Department,
    LegalText,
    Member,
    Project,
    Scenario,
    SentMessage,
    User,
)

if TYPE_CHECKING:
    MemberShape = forms.ModelForm[Member]
    DepartmentShape = forms.ModelForm[Department]
else:
    MemberShape = DepartmentShape = forms.ModelForm


class MemberForm(MemberShape):
    """A member; the department is one of the account's own."""

    def clean(self) -> dict[str, Any]:
        """This will refuse a department of another account."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        _check_same_account(self, values, "department", getattr(self.instance, "account_id", None))
        return values


class DepartmentForm(DepartmentShape):
    """A department; the one that it is part of belongs to the same account."""

    def clean(self) -> dict[str, Any]:
        """This will refuse to put it into another account's department, or into itself."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        _check_same_account(self, values, "parent", getattr(self.instance, "account_id", None))
        above = values.get("parent")
        while above is not None and self.instance.pk is not None:
            if above.pk == self.instance.pk:
                self.add_error("parent", _("A department cannot be part of itself."))
                break
            above = above.parent
        return values


@admin.register(User)
class UserAdmin(Audited[User]):
    """People who can sign in. Who may do what in admin is set by superusers alone."""

    list_display = ("__str__", "email", "phone", "is_staff", "is_active", "created_at")
    list_display_links = ("__str__",)
    list_filter = ("is_staff", "is_active", "created_at")
    ordering = ("-pk",)
    search_fields = ("email", "phone", "name")
    show_full_result_count = False
    fields = ("name", "email", "phone", "language", "is_active", "is_staff", "is_superuser", "groups")
    filter_horizontal = ("groups",)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """This will keep powers out of the hands of those who are not superusers, and addresses as verified."""
        powers = () if staff(request).is_superuser else ("is_staff", "is_superuser", "groups")
        return ("email", "phone", *powers) if obj else powers

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """This will let nobody make a person: people sign up and verify their own address."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """This will keep superusers in the hands of superusers."""
        above = obj is not None and obj.is_superuser and not staff(request).is_superuser
        return super().has_change_permission(request, obj) and not above


admin.site.unregister(Group)  # Django's own desk for it asks for no reason


@admin.register(Group)
class GroupAdmin(Audited[Group], auth_admin.GroupAdmin):
    """What groups of staff may do; only superusers hand out powers, or anybody could give themselves all."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """This will let superusers alone make one."""
        return super().has_add_permission(request) and staff(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """This will let superusers alone change one."""
        return super().has_change_permission(request, obj) and staff(request).is_superuser


@admin.register(Account)
class AccountAdmin(Audited[Account]):
    """Households and businesses. They are founded by their owners."""

    list_display = ("name", "kind", "time_zone", "created_at", "suspended_at")
    list_filter = ("kind", "created_at", ("suspended_at", admin.EmptyFieldListFilter))
    ordering = ("-pk",)
    search_fields = ("name", "members__user__email", "members__user__phone")
    show_full_result_count = False
    fields = ("name", "kind", "time_zone", "created_at", "suspended_at", "belongings")
    readonly_fields = ("kind", "created_at", "belongings")

    @admin.display(description=_("What belongs to it"))
    def belongings(self, account: Account) -> str:
        """This will lead to the lists of all that has this account, whichever floor it stands on."""
        lists = [
            (f"{reverse(f'admin:{_key(model)}_changelist')}?account__id__exact={account.pk}", _plural(model))
            for model in apps.get_models()
            if self.admin_site.is_registered(model) and any(field.name == "account" for field in model._meta.fields)
        ]
        return format_html_join(" · ", '<a href="{}">{}</a>', lists)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """This will let nobody found one for others: it would have no owner."""
        return False


@admin.register(Member)
class MemberAdmin(Audited[Member]):
    """Who belongs where, in which role."""

    list_display = ("name", "account", "role", "department", "joined_at", "left_at", "paused_at")
    list_filter = ("role", "joined_at", ("left_at", admin.EmptyFieldListFilter))
    list_select_related = ("account", "department")
    ordering = ("-pk",)
    search_fields = ("name", "account__name", "user__email", "user__phone")
    show_full_result_count = False
    form = MemberForm
    fields = ("account", "user", "name", "role", "department", "joined_at", "left_at", "paused_at")
    autocomplete_fields = ("account", "user", "department")

    def get_readonly_fields(self, request: HttpRequest, obj: Member | None = None) -> Any:  # noqa: ARG002 - Django's signature
        """This will keep a member in the account that they joined."""
        return ("account", "user", "joined_at") if obj else ()


class NodeAdmin(Audited[Row]):
    """Parts of an account that calls are counted for."""

    list_display = ("name", "account", "created_at", "paused_at", "closed_at")
    list_filter = (("paused_at", admin.EmptyFieldListFilter),)
    list_select_related = ("account",)
    ordering = ("-pk",)
    search_fields = ("name", "account__name")
    show_full_result_count = False
    autocomplete_fields: ClassVar[tuple[str, ...]] = ("account",)
    fields: ClassVar[tuple[str, ...]] = ("account", "name", "created_at", "paused_at", "closed_at")


@admin.register(Department)
class DepartmentAdmin(NodeAdmin[Department]):
    """Departments of businesses."""

    form = DepartmentForm
    autocomplete_fields = ("account", "parent")
    fields = ("account", "parent", "name", "created_at", "paused_at", "closed_at")


@admin.register(Project)
class ProjectAdmin(NodeAdmin[Project]):
    """Projects of businesses."""


@admin.register(Scenario)
class ScenarioAdmin(NodeAdmin[Scenario]):
    """What calls are for."""


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
class AgreementAdmin(Endless[Agreement]):
    """Who agreed to which version, and when."""

    list_display = ("agreed_at", "user", "legal_text")
    list_filter = ("legal_text__kind",)
    list_select_related = ("user", "legal_text")
    search_fields = ("user__email", "user__phone", "user__name")


@admin.register(AuditEvent)
class AuditEventAdmin(Endless[AuditEvent]):
    """Who did what, when and why."""

    list_display = ("created_at", "verb", "subject", "actor", "account", "reason")
    list_filter = ("created_at",)
    list_select_related = ("actor", "account")
    search_fields = ("verb", "subject", "reason", "account__name")


@admin.register(SentMessage)
class SentMessageAdmin(Endless[SentMessage]):
    """What the demo sent."""

    list_display = ("created_at", "channel", "recipient", "subject")
    list_filter = ("channel",)
    search_fields = ("recipient", "subject")


def _check_same_account(form: Any, values: dict[str, Any], name: str, account_id: int | None) -> None:
    chosen, account = values.get(name), values.get("account")
    if chosen is not None and chosen.account_id != (account.pk if account else account_id):
        form.add_error(name, _("That one belongs to another account."))


def _key(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"


def _plural(model: type[Model]) -> str:
    return str(capfirst(model._meta.verbose_name_plural or ""))
