"""The JSON doors of a notebook: development rows out, pipelines in. No sealed row is behind."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import FileResponse, HttpRequest, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from apps.datasets.storage import local
from apps.engine.training.given import GIVEN
from apps.modeling import notebook_actions
from apps.modeling.models import NotebookToken, Trial
from apps.planning.queries import as_signed
from apps.web.declare import TOKEN, View, declared
from apps.web.refusals import Refusal

FILES = ("development", "split")
Door = Callable[..., HttpResponseBase]


class ApiRefusal(Exception):
    """A request is answered with a status, a code and a sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def answer(self) -> JsonResponse:
        """As the doors of an endpoint say it."""
        error = {"code": self.code, "message": self.message, "field": None, "row": None}
        headers = {"WWW-Authenticate": "Bearer"} if self.status == 401 else None
        return JsonResponse({"error": error, "errors": []}, status=self.status, headers=headers)


def _token(request: HttpRequest, experiment_id: int) -> NotebookToken:
    """The token of this very experiment. A token of another one learns nothing: 404."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise ApiRefusal(
            401, "no_token", "Send the notebook's token in the header Authorization: Bearer …"
        )
    sha256 = hashlib.sha256(secret.strip().encode("utf-8", "replace")).hexdigest()
    found = NotebookToken.objects.filter(sha256=sha256).select_related(
        "experiment__split", "experiment__plan", "experiment__cycle__project", "created_by"
    )
    token = found.first()
    if token is None or not token.is_open or not token.created_by.is_active:
        raise ApiRefusal(401, "bad_token", "The token is not known, has expired or was revoked.")
    if token.experiment_id != experiment_id:
        raise ApiRefusal(404, "no_experiment", "There is no such experiment.")
    return token


def door(method: str) -> Callable[[Door], View]:
    """One method, the notebook's own token, every refusal as JSON."""

    def decorate(inner: Door) -> View:
        @csrf_exempt  # no cookie is looked at here: the token is the only key
        @declared(TOKEN)
        @wraps(inner)
        def view(request: HttpRequest, experiment_id: int, **names: Any) -> HttpResponseBase:
            try:
                if request.method != method:
                    raise ApiRefusal(405, "method", f"This address takes {method}.")
                return inner(request, _token(request, experiment_id), **names)
            except ApiRefusal as refusal:
                return refusal.answer()
            except RequestDataTooBig:
                return ApiRefusal(413, "too_large", "The file is too large to be sent.").answer()
            except PermissionDenied:
                says = "The person who issued the token may no longer train here."
                return ApiRefusal(403, "not_allowed", says).answer()
            except Refusal as refusal:
                return ApiRefusal(422, "refused", str(refusal)).answer()

        return view

    return decorate


@door("GET")
def experiment(request: HttpRequest, token: NotebookToken) -> JsonResponse:
    """What a notebook needs to know: target, features, folds, metrics."""
    asked = token.experiment
    plan = as_signed(asked.plan)
    return JsonResponse(
        {
            "project": asked.cycle.project.name,
            "experiment": asked.number,
            "problem": asked.problem,
            "target": plan.target,
            "positive": plan.positive or None,
            "features": asked.features,
            "metrics": [promise.key for promise in plan.promises],
            "folds": asked.split.folds,
            "method": asked.split.method,
            "seed": asked.seed,
        }
    )


@door("GET")
def rows(request: HttpRequest, token: NotebookToken, name: str) -> FileResponse:
    """Development rows, or the split as Parquet."""
    split = token.experiment.split
    stored = dict(zip(FILES, (split.development, split.split_file), strict=True)).get(name)
    if stored is None:
        raise ApiRefusal(404, "no_file", f"There is no such file. There are: {', '.join(FILES)}.")
    opened = local(stored).open("rb")
    notebook_actions.note_taken(token=token, what=f"{name}.parquet")
    return FileResponse(opened, as_attachment=True, filename=f"{name}.parquet")


@door("POST")
def models(request: HttpRequest, token: NotebookToken) -> JsonResponse:
    """Register a pipeline: a skops file as the body, its title in the address."""
    title = " ".join(request.GET.get("title", "").split())
    trial = notebook_actions.register(token=token, title=title, body=request.body)
    return JsonResponse(_told(trial), status=202)


@door("GET")
def model(request: HttpRequest, token: NotebookToken, trial_id: int) -> JsonResponse:
    """How a registered pipeline is doing, and its scores over the folds."""
    trials = token.experiment.trials.filter(candidate=GIVEN).select_related("job")
    trial = trials.filter(pk=trial_id).first()
    if trial is None:
        raise ApiRefusal(404, "no_model", "There is no such model of a notebook.")
    return JsonResponse(_told(trial))


def _told(trial: Trial) -> dict[str, Any]:
    project, job = trial.experiment.cycle.project, trial.job
    return {
        "model": trial.pk,
        "title": trial.title,
        "state": job.state if job else "done",
        "says": (job.problem or job.says) if job else "",
        "scores": trial.result.get("scores", {}),
        "page": reverse("modeling:trial", args=[project.slug, trial.pk]),
    }
