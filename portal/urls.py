"""Every URL of the portal, grouped by the floor that answers it."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("portal.pages.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
