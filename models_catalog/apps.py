"""Tells Django about the catalog."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ModelsCatalogConfig(AppConfig):
    """The floor that answers *what*."""

    name = "models_catalog"
    verbose_name = _("Models")
