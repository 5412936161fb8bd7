"""What belongs to the portal as a whole: its clock and its brand."""

import hashlib
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Clock(models.Model):
    """One row: how far business time is ahead of the wall clock. Only the demo and the tests move it."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    shift = models.DurationField(default=timedelta(0))

    class Meta:
        db_table = "portal_clock"
        constraints = (
            models.CheckConstraint(name="clock_is_one_row", condition=Q(id=1)),
            models.CheckConstraint(name="clock_never_behind", condition=Q(shift__gte=timedelta(0))),
        )

    def __str__(self) -> str:
        return f"{self.shift} ahead"


class Brand(models.Model):
    """One row: whose portal this is, as staff set it in admin."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    site_name = models.CharField(_("site name"), max_length=60, blank=True)
    accent = models.CharField(
        _("accent"), max_length=7, blank=True, help_text=_("A color such as #00707a that white text can be read on.")
    )
    picture = models.BinaryField(_("logo"), null=True, blank=True, editable=False)
    legal_entity = models.CharField(_("legal entity"), max_length=200, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    legal_address = models.CharField(_("address of the legal entity"), max_length=200, blank=True)
    bank = models.CharField(_("bank and its account"), max_length=200, blank=True)
    support_phone = models.CharField(_("support phone"), max_length=40, blank=True)
    support_hours = models.CharField(_("support hours"), max_length=100, blank=True)
    icp_filing = models.CharField(_("ICP filing"), max_length=60, blank=True)
    telecom_license = models.CharField(_("telecom license"), max_length=60, blank=True)
    generative_ai_filing = models.CharField(_("generative AI filing"), max_length=60, blank=True)
    algorithm_filing = models.CharField(_("algorithm filing"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brand")
        constraints = (
            models.CheckConstraint(name="brand_is_one_row", condition=Q(id=1)),
            models.CheckConstraint(
                name="brand_accent_is_a_color", condition=Q(accent="") | Q(accent__regex="^#[0-9a-f]{6}$")
            ),
        )

    def __str__(self) -> str:
        return self.site_name or settings.SITE_NAME

    @property
    def logo(self) -> str:
        """The address of the logo, which changes with it; empty without one."""
        if not self.picture:
            return ""
        return f"{reverse('brand_logo')}?v={hashlib.sha256(bytes(self.picture)).hexdigest()[:12]}"

    @property
    def filings(self) -> list[str]:
        """The numbers that Chinese law wants on every page, those that are set."""
        numbers = [self.icp_filing, self.telecom_license, self.generative_ai_filing, self.algorithm_filing]
        return [number for number in numbers if number]
