"""The addresses of the catalog, under /models/."""

from django.urls import path

from models_catalog import views

app_name = "models_catalog"
urlpatterns = [
    path("", views.model_list, name="list"),
    path("compare/", views.comparison, name="compare"),
    path("prices/", views.price_table, name="prices"),
    path("<path:slug>/", views.model_page, name="model"),
]
