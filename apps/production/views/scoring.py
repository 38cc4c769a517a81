"""Scoring many rows: start a batch, follow it, take its answers."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from apps.datasets.storage import saved, scratch
from apps.engine.serving.contract import Contract
from apps.production import queries, score_actions
from apps.production.batch import removal, scores
from apps.production.forms import ScoreForm
from apps.production.log.retention import terms_of
from apps.production.models import Scores, Scoring
from apps.production.views.releases import built_release
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.csv_file import csv_file
from apps.web.fragments import render_page
from apps.web.refusals import Refusal


def _page(request: HttpRequest, project: Project, form: ScoreForm | None = None) -> HttpResponse:
    deployment = queries.endpoint_of(project)
    release, why_not = scores.what_scores(deployment) if deployment else (None, "")
    found = scores.batches(deployment) if deployment else []
    running = next((one for one in found if one.job.is_live), None)
    context: dict[str, Any] = {
        "release": release,
        "why_not": why_not,
        "fields": Contract.from_dict(release.contract).fields if release else (),
        "form": form or ScoreForm(versions=scores.versions_to_score(project)),
        "batches": found,
        "running": running,
        "estimate": scores.estimate_of(running),
        "days": removal.days_of(terms_of(deployment)) if deployment else 0,
    }
    status = 422 if form is not None else 200
    return render_page(request, "production/score.html", context, status=status)


@require_GET
@project_view(Verb.LOOK)
def score(request: HttpRequest, project: Project) -> HttpResponse:
    """The batches of the endpoint, and a form to start one."""
    return _page(request, project)


@require_POST
@project_view(Verb.DEPLOY)
def start(request: HttpRequest, project: Project, release_id: int) -> HttpResponse:
    """Have the rows of a file or of a version scored by the release that the page named."""
    release = built_release(project, release_id)
    form = ScoreForm(request.POST, request.FILES, versions=scores.versions_to_score(project))
    if not form.is_valid():
        return _page(request, project, form)
    told: dict[str, Any] = form.cleaned_data
    how: dict[str, Any] = {
        "release": release,
        "all_or_nothing": told["refused"] == ScoreForm.STOP,
        "by": request.user,
    }
    if told["version"] is not None:
        made = score_actions.score_version(version=told["version"], **how)
    else:
        with scratch() as folder:
            path = saved(told["file"], folder)
            made = score_actions.score_file(path=path, filename=told["file"].name, **how)
    messages.success(request, f"Batch {made.number} is on its way. You may leave this page.")
    return redirect("production:score", project.slug)


@require_POST
@project_view(Verb.DEPLOY)
def remove(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    """Remove file and answers of a batch."""
    found = get_object_or_404(
        Scoring.objects.select_related("deployment"),
        number=number,
        deployment__project=project,
        deployment__retired_at=None,
    )
    reason = request.POST.get("reason", "")
    removal.remove_batch(scoring=found, reason=reason, by=request.user)
    messages.success(request, f"File and answers of batch {number} are removed.")
    return redirect("production:score", project.slug)


def _scores(project: Project, number: int) -> Scores:
    related = ("scoring__deployment__project", "scoring__release__candidate")
    return get_object_or_404(
        Scores.objects.select_related(*related),
        scoring__removal=None,
        scoring__number=number,
        scoring__deployment__project=project,
        scoring__deployment__retired_at=None,
    )


@require_GET
@project_view(Verb.COLLECT)  # whole rows, as they stand in the original
def answers_csv(request: HttpRequest, project: Project, number: int) -> HttpResponseBase:
    """All rows with their answers as CSV."""
    found = _scores(project, number)
    return csv_file(scores.lines_of(found), name=f"{scores.file_name(found.scoring)}.csv")


@require_GET
@project_view(Verb.COLLECT)
def answers_parquet(request: HttpRequest, project: Project, number: int) -> HttpResponseBase:
    """The same as Parquet, with types, release and model in its metadata."""
    found = _scores(project, number)
    with scratch() as folder:
        file = scores.parquet_of(found, target=folder / "scores.parquet").open("rb")
    return FileResponse(
        file,  # stays readable when the folder is gone
        as_attachment=True,
        filename=f"{scores.file_name(found.scoring)}.parquet",
        content_type="application/vnd.apache.parquet",
    )


@require_GET
@project_view(Verb.COLLECT)
def unread_csv(request: HttpRequest, project: Project, number: int) -> HttpResponseBase:
    """Records of the file that are no rows, with their lines."""
    found = _scores(project, number)
    if not found.unread:
        raise Http404
    if scores.hidden_columns(found):
        raise Refusal("These records are not given out: columns of the file hold sensitive values.")
    return FileResponse(
        scores.unread_of(found).open("rb"),
        as_attachment=True,
        filename=f"{scores.file_name(found.scoring)}-unread.csv",
        content_type="text/csv; charset=utf-8",
    )
