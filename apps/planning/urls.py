"""Addresses of the planning room."""

from django.urls import path

from apps.planning.views import fill, plan, tasks, versions

app_name = "planning"
urlpatterns = [
    path("", plan.plan, name="plan"),
    *(path(f"{task}/", tasks.task_view(task), name=task) for task in tasks.ORDER),
    path("submit/", plan.submit_version, name="submit_version"),
    path("start/", fill.start, name="start"),
    path("copy/", fill.copy, name="copy"),
    path("import/", fill.bring, name="import"),
    path("versions/", versions.versions, name="versions"),
    path("versions/<int:cycle>.<int:number>/", versions.version, name="version"),
    path("versions/<int:cycle>.<int:number>/plan.json", versions.export, name="export"),
]
