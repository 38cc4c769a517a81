"""The published form of plan files: no project, no secret."""

from django.urls import path

from apps.planning.views import versions

urlpatterns = [path("plan.json", versions.schema, name="plan_schema")]
