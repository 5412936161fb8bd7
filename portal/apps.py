"""How Django knows the roof."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    """What belongs to the portal as a whole."""

    name = "portal"
    default = True
    verbose_name = _("Portal")


class DeskConfig(admin_apps.AdminConfig):
    """Django's admin with our site: its name, its door, its second factor."""

    default = False
    default_site = "portal.admin_site.DeskSite"
