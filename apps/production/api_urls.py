"""Addresses of the JSON doors."""

from django.urls import path

from apps.production import api

app_name = "api"
urlpatterns = [
    path("deployments/<slug:slug>/predict", api.predict, name="predict"),
    path("deployments/<slug:slug>/actuals", api.actuals, name="actuals"),
    path("deployments/<slug:slug>/contract", api.contract, name="contract"),
    path("deployments/<slug:slug>/openapi.json", api.schema, name="schema"),
    path("<path:rest>", api.nothing, name="nothing"),
]
