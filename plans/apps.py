"""How Django knows this floor."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlansConfig(AppConfig):
    """Offerings, orders, payments, credits and quotas."""

    name = "plans"
    verbose_name = _("Plans and credits")
