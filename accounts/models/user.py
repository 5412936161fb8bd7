"""A person who can sign in, by e-mail or by phone."""

import unicodedata
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from portal.kit import clock

if TYPE_CHECKING:
    from accounts.models.account import Member


def normal_email(address: str) -> str:
    """This will return `address` in the one form that is stored and compared: NFKC, then case folded."""
    return unicodedata.normalize("NFKC", address.strip()).casefold()


class UserManager(BaseUserManager["User"]):
    """Makes users; the pages do it through allauth's adapter."""

    def create_user(
        self,
        email: str | None = None,
        *,
        phone: str | None = None,
        password: str | None = None,
        name: str = "",
        now: datetime | None = None,
    ) -> "User":
        """This will make a person who signs in by `email` or `phone` (E.164), whom the caller vouches for.

        Without a password they sign in by code only.
        """
        user = self.model(email=normal_email(email) if email else None, phone=phone, name=name)
        user.created_at = now or clock.now()
        user.phone_verified_at = user.created_at if phone else None
        user.set_password(password)
        user.save(using=self._db)
        if user.email:
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        return user

    def create_superuser(self, email: str, *, password: str | None = None) -> "User":
        """This will make a member of staff who may do everything in admin."""
        user = self.create_user(email, password=password)
        user.is_staff = user.is_superuser = True
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """This will find a user by the e-mail address that was typed, in whatever case."""
        return self.get(email=normal_email(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can sign in; what they may do follows from their memberships."""

    email = models.EmailField(_("e-mail"), unique=True, null=True, blank=True)
    phone = models.CharField(_("phone"), max_length=16, unique=True, null=True, blank=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    is_staff = models.BooleanField(_("works for the portal"), default=False)
    is_active = models.BooleanField(_("may sign in"), default=True)
    created_at = models.DateTimeField(_("joined"))
    phone_verified_at = models.DateTimeField(_("phone verified"), null=True, blank=True)
    guarded_at = models.DateTimeField(_("signed in by a guardian since"), null=True, blank=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(email__isnull=False)
                | models.Q(phone__isnull=False)
                | models.Q(guarded_at__isnull=False),
                name="user_can_be_reached",
            ),
            models.CheckConstraint(
                condition=models.Q(email__isnull=True) | models.Q(email=Lower("email")),
                name="user_email_is_lower_case",
            ),
            models.CheckConstraint(
                condition=models.Q(phone__isnull=True) | models.Q(phone__regex=r"^\+[1-9][0-9]{6,14}$"),
                name="user_phone_is_e164",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or str(self.pk)

    def get_short_name(self) -> str:
        """This will return what others are shown: the name, or as much of the address as tells people apart."""
        if self.name or not (self.email or self.phone):
            return self.name
        return self.email.partition("@")[0] if self.email else f"…{str(self.phone)[-4:]}"

    acting_member_id: int | None = None
    """The membership that this browser chose, as its session remembers it."""

    @cached_property
    def current_membership(self) -> "Member | None":
        """The membership this person acts as: the chosen one, else the oldest that has not ended; asked once."""
        chosen = models.Case(models.When(pk=self.acting_member_id or 0, then=0), default=1)
        memberships = self.memberships.active().select_related("account", "guardianship")
        return memberships.order_by(chosen, "joined_at", "pk").first()

    def forget_membership(self) -> None:
        """This will make `current_membership` ask again, after it changed."""
        self.__dict__.pop("current_membership", None)
