"""What a finding can be about: a task, a field of the plan, a question of the gate."""

from django.http import HttpRequest
from django.urls import reverse

from apps.governance.gates import gate_of
from apps.planning import catalogue
from apps.projects.models import Project
from apps.projects.stages import TASKS, Stage, Task

Choices = list[tuple[str, str]]


def _fields_of(task: Task) -> Choices:
    if task.key not in catalogue.TASKS:
        return []
    return [
        (f"field:{task.key}.{field.key}", f"{task.title}: {field.label}")
        for field in catalogue.TASKS[task.key].fields
    ]


def places_of(stage: Stage) -> list[tuple[str, str | Choices]]:
    """Choices for a form, in groups; the first leaves it open."""
    tasks = [task for task in TASKS if task.stage == stage]
    fields = [choice for task in tasks for choice in _fields_of(task)]
    checks = [(f"check:{check.key}", check.asks) for check in gate_of(stage).checks]
    groups: list[tuple[str, str | Choices]] = [
        ("", "the whole"),
        ("Tasks", [(f"task:{task.key}", task.title) for task in tasks]),
    ]
    groups += [("Fields of the plan", fields)] if fields else []
    return [*groups, ("Questions of the gate", checks)]


def title_of(stage: Stage, about: str) -> str:
    """How a place is called; empty for the whole and for what does not exist."""
    flat = {
        key: title
        for _, group in places_of(stage)
        if not isinstance(group, str)
        for key, title in group
    }
    return flat.get(about, "")


def task_at(request: HttpRequest, project: Project) -> Task | None:
    """The task whose page this is: the one with the longest address that it begins with."""
    found = [
        (len(url), task)
        for task in TASKS
        if request.path.startswith(url := reverse(task.url_name, args=[project.slug]))
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def is_about(about: str, task: Task) -> bool:
    """True when a finding about this place belongs on the page of the task."""
    kind, _, name = about.partition(":")
    return kind in {"", "check"} or name.partition(".")[0] == task.key


def field_id(about: str) -> str:
    """HTML id of the field that a finding is about; empty for anything else."""
    kind, _, name = about.partition(":")
    return f"id_{name.partition('.')[2]}" if kind == "field" else ""
