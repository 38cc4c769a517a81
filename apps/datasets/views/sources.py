"""Sources: the list, one of them with how it was read, and reading it differently."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from apps.datasets import actions, contracts, datasheets, looking, queries, veiling, versions
from apps.datasets.forms.sources import ReadingForm, SourceForm, UploadForm
from apps.datasets.models import Source, Version
from apps.datasets.views.uploads import bring_in, uploads_of
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page


def _sources_page(request: HttpRequest, project: Project, form: SourceForm) -> HttpResponse:
    context = {
        "lines": queries.source_lines(project),
        "form": form,
        "closed": queries.why_closed(project.cycle),
    }
    status = 422 if form.is_bound else 200
    return render_page(request, "datasets/sources.html", context, status=status)


@require_GET
@project_view(Verb.LOOK)
def sources(request: HttpRequest, project: Project) -> HttpResponse:
    """All sources, and a form for another one."""
    return _sources_page(request, project, SourceForm())


@require_POST
@project_view(Verb.COLLECT)
def add_source(request: HttpRequest, project: Project) -> HttpResponse:
    """Bring in a file as a new source."""
    taken = {source.name for source in queries.sources_of(project)}
    form = SourceForm(
        request.POST, request.FILES, taken=taken, uploads=uploads_of(request, project)
    )
    if not form.is_valid():
        return _sources_page(request, project, form)
    data: dict[str, Any] = form.cleaned_data
    source = actions.add_source(
        cycle=project.cycle,
        name=data["name"],
        owner=data["owner"],
        describes=data["describes"],
        by=request.user,
    )
    bring_in(request, project, source, data)
    return redirect("datasets:source", project.slug, source.pk)


@require_GET
@project_view(Verb.LOOK)
def source(request: HttpRequest, project: Project, source_id: int) -> HttpResponse:
    """One source: how a file of it was read, and its versions."""
    found = get_object_or_404(project.sources, pk=source_id)
    return _source_page(request, project, found)


@dataclass
class _Bound:
    """Forms that were sent and are shown again, and the preview that was asked for."""

    upload: UploadForm | None = None
    reading: ReadingForm | None = None
    version: Version | None = None
    look: dict[str, Any] | None = None

    @property
    def status(self) -> int:
        forms = [form for form in (self.upload, self.reading) if form is not None]
        return 422 if any(form.errors for form in forms) else 200


_WITH = ("job", "uploaded_by", "query__connection", "query__asked_by")


def _source_page(
    request: HttpRequest, project: Project, found: Source, *, bound: _Bound | None = None
) -> HttpResponse:
    bound = bound or _Bound()
    known = list(found.versions.select_related(*_WITH).order_by("-number"))
    asked = str(bound.version.number) if bound.version else request.GET.get("version", "")
    shown = queries.shown_version(known, asked=asked)
    context = {
        "source": found,
        "versions": known,
        "newest": known[0] if known else None,
        "shown": shown,
        "used": queries.newest_version(found, cycle=project.cycle),
        "upload": bound.upload or UploadForm(),
        "reading": bound.reading or (_reading(shown) if shown else None),
        "readings": queries.readings(shown) if shown and shown.is_ready else [],
        "look": veiling.veiled_look(bound.look, cycle=project.cycle),
        "first_rows": veiling.first_rows_of(shown, cycle=project.cycle),
        "closed": queries.why_closed(project.cycle),
        **_waiting(project, shown),
        **_agreed(project, found, shown),
    }
    return render_page(
        request, "datasets/source.html", context, fragments=("preview",), status=bound.status
    )


def _agreed(project: Project, found: Source, shown: Version | None) -> dict[str, Any]:
    """The contract in force, how the version stands to it, and open questions of the datasheet."""
    contract = contracts.in_force(project, found)
    run = contracts.run_of(contract, shown.parquet) if contract and shown else None
    return {
        "contract": contract,
        "held": run if run is not None and run.is_ready else None,
        "open_questions": len(datasheets.sheet_of(found, cycle=project.cycle).open),
    }


def _waiting(project: Project, shown: Version | None) -> dict[str, Any]:
    """How a version that waits differs, and what it would do to what stands on the source."""
    if shown is None or not versions.may_be_taken(shown):
        return {}
    return {
        "compared": shown.report.get("compared"),
        "downstream": versions.downstream(shown, cycle=project.cycle),
        "may_be_taken": True,
    }


def _reading(version: Version, data: Any = None) -> ReadingForm:
    spec = version.table_spec if version.is_ready else None
    report = version.report or (looking.choices(version) if version.sha256 else {})
    return ReadingForm(data, spec=spec, options=version.options, report=report)


@require_POST
@project_view(Verb.COLLECT)
def add_version(request: HttpRequest, project: Project, source_id: int) -> HttpResponse:
    """Bring in a newer file of the source."""
    found = get_object_or_404(project.sources, pk=source_id, removed_at=None)
    form = UploadForm(request.POST, request.FILES, uploads=uploads_of(request, project))
    if not form.is_valid():
        return _source_page(request, project, found, bound=_Bound(upload=form))
    bring_in(request, project, found, form.cleaned_data)
    return redirect("datasets:source", project.slug, found.pk)


@require_POST
@project_view(Verb.COLLECT)
def read_again(request: HttpRequest, project: Project, version_id: int) -> HttpResponse:
    """Read the same bytes with other options; with ``look``, only show the first rows."""
    version = _version_of(project, version_id)
    form = _reading(version, request.POST)
    bound = _Bound(reading=form, version=version)
    if not form.is_valid():
        if "look" in request.POST:
            says = "; ".join(str(each) for errors in form.errors.values() for each in errors)
            bound.look = {"problem": says}
        return _source_page(request, project, version.source, bound=bound)
    if "look" in request.POST:
        bound.look = looking.looked(version, form.options())
        return _source_page(request, project, version.source, bound=bound)
    actions.read_again(
        version=version, cycle=project.cycle, options=form.options(), by=request.user
    )
    return redirect("datasets:source", project.slug, version.source_id)


def _version_of(project: Project, version_id: int) -> Version:
    return get_object_or_404(
        Version.objects.select_related("source", "job", "query"),
        pk=version_id,
        source__project=project,
        source__removed_at=None,
    )


@require_POST
@project_view(Verb.COLLECT)
def take_version(request: HttpRequest, project: Project, version_id: int) -> HttpResponse:
    """Use a version that was compared."""
    version = _version_of(project, version_id)
    versions.take(version=version, cycle=project.cycle, by=request.user)
    messages.success(request, f"Version {version.number} is in use now. Build the table anew.")
    return redirect("datasets:source", project.slug, version.source_id)


@require_POST
@project_view(Verb.COLLECT)
def remove_source(request: HttpRequest, project: Project, source_id: int) -> HttpResponse:
    """Take an unused source out."""
    found = get_object_or_404(project.sources, pk=source_id, removed_at=None)
    actions.remove_source(source=found, cycle=project.cycle, by=request.user)
    messages.success(request, f"“{found.name}” is out of the lists. Its history stays.")
    return redirect("datasets:sources", project.slug)
