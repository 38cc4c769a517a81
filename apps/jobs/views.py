"""The jobs page, one job's page and its progress fragment, stop and try again."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import User
from apps.jobs import actions, queries
from apps.jobs.health import scoring_said
from apps.jobs.models import Job
from apps.projects.access import Verb, may
from apps.web.declare import signed_in
from apps.web.fragments import render_page
from apps.web.paging import page_of

# Who may stop work: whoever could have started some of it.
_STOPPERS = (Verb.COLLECT, Verb.TRAIN, Verb.DEPLOY)


def _may_stop(user: User, job: Job) -> bool:
    if job.project is None:
        return user.has_perm("jobs.see_queues")
    return any(may(user, verb, job.project) for verb in _STOPPERS)


@require_GET
@signed_in
def jobs(request: HttpRequest) -> HttpResponse:
    """Queues, who listens, what waits and why; then the jobs, newest first."""
    state = request.GET.get("state", "")
    found = queries.jobs_of(request.user)
    if state:
        found = found.filter(state=state)
    context = {
        "queues": queries.queue_lines(),
        "scoring": scoring_said() if request.user.has_perm("jobs.see_queues") else None,
        "page": page_of(found, request),
        "state": state,
    }
    return render_page(request, "jobs/jobs.html", context, fragments={"queues"})


@require_GET
@signed_in
def job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """One job. While it is live, its card asks for itself every two seconds."""
    found = get_object_or_404(queries.jobs_of(request.user), pk=job_id)
    context = {
        "job": found,
        "estimate": queries.estimate_text(found),
        "may_stop": _may_stop(request.user, found),
    }
    return render_page(request, "jobs/job.html", context, fragments={"job-card"})


@require_POST
@signed_in
def stop(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Ask the job to stop."""
    found = get_object_or_404(queries.jobs_of(request.user), pk=job_id)
    if not _may_stop(request.user, found):
        raise PermissionDenied("Your role does not allow to stop this job.")
    actions.stop_job(found)
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return redirect(back if safe else found.url)


@require_POST
@signed_in
def again(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Put the job back into its queue."""
    found = get_object_or_404(queries.jobs_of(request.user), pk=job_id)
    if not _may_stop(request.user, found):
        raise PermissionDenied("Your role does not allow to start this job.")
    actions.try_again(found)
    return redirect(found.url)
