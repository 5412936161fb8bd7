"""How Django knows the roof."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    """What belongs to the portal as a whole."""

    name = "portal"
    verbose_name = _("Portal")
