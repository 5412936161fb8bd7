"""As a plugin of pytest: what failed is not made smaller, since only that it failed matters here."""

from hypothesis import Phase, settings

settings.register_profile("hasty", phases=[Phase.explicit, Phase.generate])
settings.load_profile("hasty")
