"""Lines of children: what the guardian agreed to and settled, and the devices that they are signed in on."""

from datetime import date, datetime, time
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account, Member
from accounts.models.legal import LegalText

MINUTES_A_DAY = 24 * 60
MONTHS_A_YEAR = 12
OF_AGE = 18


class Guardianship(models.Model):
    """What a guardian settled for a child: consent, PIN, minutes, quiet hours, and how answers are given."""

    class Tier(models.TextChoices):
        UNDER_8 = "under_8", _("under 8")
        UNDER_12 = "under_12", _("8 to 11")
        UNDER_16 = "under_16", _("12 to 15")
        UNDER_18 = "under_18", _("16 and 17")

    member = models.OneToOneField(
        Member, models.PROTECT, primary_key=True, related_name="guardianship", verbose_name=_("child")
    )
    born_in = models.DateField(_("born in"))
    consented_at = models.DateTimeField(_("consented"))
    consented_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("consent by")
    )
    consent_text = models.ForeignKey(LegalText, models.PROTECT, related_name="+", verbose_name=_("consent to"))
    pin_digest = models.CharField(max_length=128)
    pin_failures = models.PositiveSmallIntegerField(default=0)
    pin_locked_until = models.DateTimeField(_("PIN locked until"), null=True, blank=True)
    daily_minutes = models.PositiveSmallIntegerField(_("minutes a day"), null=True, blank=True)
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_to = models.TimeField(_("quiet until"), null=True, blank=True)
    scenario_ids = ArrayField(models.BigIntegerField(), verbose_name=_("only for"), null=True, blank=True)
    is_tutored = models.BooleanField(_("explains instead of solving"), default=True)
    read_since = models.DateTimeField(_("read by the guardian since"), null=True, blank=True)
    digest_sent_at = models.DateTimeField(_("last digest"), null=True, blank=True)

    class Meta:
        verbose_name = _("guardianship")
        verbose_name_plural = _("guardianships")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="guardianship_minutes",
                condition=Q(daily_minutes=None) | Q(daily_minutes__lte=MINUTES_A_DAY),
            ),
            models.CheckConstraint(
                name="guardianship_quiet_hours",
                condition=Q(quiet_from=None, quiet_to=None)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False) & ~Q(quiet_from=models.F("quiet_to")),
            ),
        ]

    def __str__(self) -> str:
        return str(self.member)

    def age(self, today: date) -> int:
        """This will return the child's age in whole years; the year counts from the month of birth on."""
        months = (today.year - self.born_in.year) * MONTHS_A_YEAR + today.month - self.born_in.month
        return months // MONTHS_A_YEAR

    def tier(self, today: date) -> str:
        """This will return the tier of age whose rules hold; who came of age keeps the last one."""
        age = self.age(today)
        bounds = ((8, self.Tier.UNDER_8), (12, self.Tier.UNDER_12), (16, self.Tier.UNDER_16))
        return next((tier for bound, tier in bounds if age < bound), self.Tier.UNDER_18)

    def is_quiet(self, local: time) -> bool:
        """This will tell whether quiet hours hold at this time of the account's day; they may pass midnight."""
        if self.quiet_from is None or self.quiet_to is None:
            return False
        if self.quiet_from < self.quiet_to:
            return self.quiet_from <= local < self.quiet_to
        return local >= self.quiet_from or local < self.quiet_to


class DeviceQuerySet(models.QuerySet["Device"]):
    """Questions about devices."""

    def in_use(self) -> Self:
        """This will leave out those that were ended."""
        return self.filter(ended_at=None)


class Device(models.Model):
    """A tablet or phone on which children of an account are signed in; its cookie's secret is kept as a digest."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="devices", verbose_name=_("account"))
    name = models.CharField(_("name"), max_length=100)
    digest = models.BinaryField(unique=True)
    members = models.ManyToManyField(Member, related_name="devices", verbose_name=_("children on it"))
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("added by"))
    created_at = models.DateTimeField(_("added"))
    seen_at = models.DateTimeField(_("last seen"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("ended by")
    )

    objects = DeviceQuerySet.as_manager()

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering: ClassVar[list[str]] = ["-seen_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="device_ended_by_someone",
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DeviceTicketQuerySet(models.QuerySet["DeviceTicket"]):
    """Questions about tickets."""

    def usable(self, *, now: datetime) -> Self:
        """This will keep those that nobody has used and that are still fresh."""
        return self.filter(used_at=None, expires_at__gt=now)


class DeviceTicket(models.Model):
    """What the guardian shows as a code for two minutes: it signs a child in on one device, once."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("child"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("made by"))
    created_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)
    device = models.ForeignKey(
        Device, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("device")
    )

    objects = DeviceTicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("device ticket")
        verbose_name_plural = _("device tickets")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="device_ticket_used_on_a_device",
                condition=Q(used_at=None, device=None) | Q(used_at__isnull=False, device__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.created_at}"
