"""Addresses of the databases of a team."""

from django.urls import path

from apps.datasets.views import databases

app_name = "databases"
urlpatterns = [
    path("", databases.databases, name="databases"),
    path("add/", databases.add_database, name="add_database"),
    path("<int:connection_id>/try/", databases.try_database, name="try_database"),
    path("<int:connection_id>/rename/", databases.rename_database, name="rename_database"),
    path("<int:connection_id>/password/", databases.replace_password, name="replace_password"),
    path("<int:connection_id>/remove/", databases.remove_database, name="remove_database"),
]
