"""How Django knows this floor."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlansConfig(AppConfig):
    """Offerings, orders, payments, credits and quotas."""

    name = "plans"
    verbose_name = _("Plans and credits")

    def ready(self) -> None:
        """This will have Django look at how the ways to pay are set up."""
        from plans import checks  # noqa: F401, PLC0415 - it registers itself, once models are there
