"""Every URL of the portal, grouped by the floor that answers it."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

from portal import brand, views

_FLOORS = [
    ("models/", "models_catalog.urls"),
    ("", "plans.urls"),
    ("", "accounts.urls"),
    ("", "usage.urls"),
    ("v1/", "usage.api.rest"),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("help/", views.help_page, name="help"),
    path("help/style/", views.style, name="style"),
    path("more/", views.more, name="more"),
    path("brand.css", brand.stylesheet, name="brand_stylesheet"),
    path("brand/logo", brand.logo, name="brand_logo"),
    path("robots.txt", views.robots, name="robots"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("favicon.ico", views.favicon, name="favicon"),
    *(path(prefix, include(module)) for prefix, module in _FLOORS if find_spec(module)),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]

if find_spec("portal.health"):
    from portal import health

    urlpatterns += [path("healthz", health.healthz), path("readyz", health.readyz)]
