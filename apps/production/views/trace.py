"""One answer traced back to the plan: release, signatures, openings, data, recipe, files."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from apps.production.watch_queries import answer_of, trace_of
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page


@require_GET
@project_view(Verb.LOOK)
def find(request: HttpRequest, project: Project) -> HttpResponse:
    """Go to the trace of the id that was typed."""
    asked = request.GET.get("id", "").strip()
    try:
        key = uuid.UUID(asked)
    except ValueError:
        messages.error(
            request,
            f"“{asked[:60]}” is no id of a prediction. Take prediction_id from an answer, "
            "32 digits and letters from a to f.",
        )
        return redirect("production:monitor", project.slug)
    if answer_of(project, str(key)) is None:
        messages.error(request, f"No endpoint of this project gave the prediction {key}.")
        return redirect("production:monitor", project.slug)
    return redirect("production:trace", project.slug, key)


@require_GET
@project_view(Verb.LOOK)
def trace(request: HttpRequest, project: Project, prediction_id: uuid.UUID) -> HttpResponse:
    """Everything that one answer rests on."""
    found = answer_of(project, str(prediction_id))
    if found is None:
        raise Http404
    if found.release is None:
        messages.info(
            request,
            f"The answer {prediction_id} was given by the fallback's rule in the model's place; "
            "no model stands behind it. What answered when stands here.",
        )
        return redirect("production:releases", project.slug)
    return render_page(request, "production/trace.html", {"trace": trace_of(project, found)})
