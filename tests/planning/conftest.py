"""A draft to write in, and a page that posts a task as a browser does."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from apps.planning.catalogue import TASKS
from apps.planning.forms import _typed
from apps.planning.models import Draft
from tests import builders


def posted(task: str, content: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What a browser would send for this content of a task."""
    told = TASKS[task]
    data = _typed(told.fields, content)
    if told.rows:
        rows = content.get(told.rows.key, [])
        data |= {"row-TOTAL_FORMS": len(rows), "row-INITIAL_FORMS": 0}
        for number, row in enumerate(rows):
            data |= _typed(told.rows.fields, row, f"row-{number}-")
    sent = {key: value for key, value in data.items() if value is not None and value is not False}
    return {**sent, **more}


@pytest.fixture
def draft(cycle, analyst) -> Draft:
    """The complete draft of version 1 of the builders' plan."""
    builders.make_plan(cycle, analyst)
    return cycle.draft


@pytest.fixture
def post(client, project, analyst) -> Callable[..., Any]:
    """``post("problem", {...})`` saves a task as the analyst; keywords go along with the form."""

    def send(task: str, content: dict[str, Any], *, by=analyst, htmx: bool = False, **more: Any):
        client.force_login(by)
        headers = {"HX-Request": "true", "HX-Target": "plan-status"} if htmx else {}
        address = reverse(f"planning:{task}", args=[project.slug])
        return client.post(address, posted(task, content, **more), headers=headers)

    return send


@pytest.fixture
def saved(cycle) -> Callable[[str], dict[str, Any]]:
    """``saved("problem")`` is what stands in the draft now."""

    def read(task: str) -> dict[str, Any]:
        found = Draft.objects.filter(cycle=cycle).first()
        return found.content.get(task, {}) if found else {}

    return read
