"""How Django knows this floor."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Users, accounts, members, keys."""

    name = "accounts"
    verbose_name = _("People and accounts")
