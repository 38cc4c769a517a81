"""Addresses of a notebook's doors."""

from django.urls import path

from apps.modeling import api

app_name = "notebook"
urlpatterns = [
    path("<int:experiment_id>", api.experiment, name="experiment"),
    path("<int:experiment_id>/<slug:name>.parquet", api.rows, name="rows"),
    path("<int:experiment_id>/models", api.models, name="models"),
    path("<int:experiment_id>/models/<int:trial_id>", api.model, name="model"),
]
