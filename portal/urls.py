"""Every URL of the portal, grouped by the floor that answers it."""

from django.contrib import admin
from django.urls import include, path

from portal import brand, health, views

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
    path("models/", include("models_catalog.urls")),
    path("", include("usage.urls")),  # before those below, where any word after plans/ is an offering
    path("", include("plans.urls")),
    path("", include("accounts.urls")),
    path("v1/", include("usage.api.rest")),
    path("accounts/", include("accounts.step_up")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
