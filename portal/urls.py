"""Every URL of the portal, grouped by the floor that answers it."""

from django.contrib import admin
from django.urls import include, path

from portal import brand

urlpatterns = [
    path("brand.css", brand.stylesheet, name="brand_css"),
    path("brand/logo", brand.logo, name="brand_logo"),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
