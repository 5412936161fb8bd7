"""The addresses of the shop."""

from django.urls import path

from plans import views

app_name = "plans"

urlpatterns = [
    path("plans/", views.plans, name="plans"),
    path("plans/business/", views.plans, {"audience": "business"}, name="business_plans"),
    path("checkout/orders/<uuid:order_id>/", views.order, name="order"),
    path("checkout/orders/<uuid:order_id>/cancellation/", views.cancellation, name="cancellation"),
    path("checkout/<slug:slug>/", views.checkout, name="checkout"),
    path("billing/", views.bills, name="billing"),
    path("billing/orders/<uuid:order_id>/", views.receipt, name="receipt"),
]
