"""How Django knows this floor."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsageConfig(AppConfig):
    """Calls, totals and conversations."""

    name = "usage"
    verbose_name = _("Calls and usage")
