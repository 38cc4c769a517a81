"""Addresses of the JSON doors."""

from django.urls import path

from apps.production import api, api_batches

app_name = "api"
urlpatterns = [
    path("deployments/<slug:slug>/predict", api.predict, name="predict"),
    path("deployments/<slug:slug>/actuals", api.actuals, name="actuals"),
    path("deployments/<slug:slug>/contract", api.contract, name="contract"),
    path("deployments/<slug:slug>/openapi.json", api.schema, name="schema"),
    path("deployments/<slug:slug>/batches", api_batches.start, name="batches"),
    path("deployments/<slug:slug>/batches/<int:number>", api_batches.batch, name="batch"),
    path(
        "deployments/<slug:slug>/batches/<int:number>.<slug:ending>",
        api_batches.answers,
        name="answers",
    ),
    path("<path:rest>", api.nothing, name="nothing"),
]
