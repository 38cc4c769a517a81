"""What a person does with a notebook of their own: a token for it, and the models that it sends."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.datasets.storage import keep, scratch
from apps.engine.training.given import GIVEN
from apps.jobs.actions import enqueue
from apps.jobs.models import LIVE, Queue
from apps.modeling.attending import restart_clock
from apps.modeling.models import Experiment, NotebookToken, Trial
from apps.projects import ledger
from apps.projects.access import Verb, require
from apps.web.refusals import Refusal

TOKEN_START = "mln_"  # noqa: S105  (the visible start of each token, no secret)
TOKEN_DAYS = 30
MOST_WAITING = 20
ZIP = b"PK\x03\x04"


@transaction.atomic
def issue_token(*, experiment: Experiment, name: str, by: User) -> str:
    """Make a token of this experiment and return it. It is shown this once and never stored."""
    require(by, Verb.TRAIN, experiment.cycle.project)
    secret = TOKEN_START + secrets.token_urlsafe(32)
    NotebookToken.objects.create(
        experiment=experiment,
        name=name,
        prefix=secret[:9],
        sha256=hashlib.sha256(secret.encode()).hexdigest(),
        created_by=by,
        expires_at=timezone.now() + timedelta(days=TOKEN_DAYS),
    )
    ledger.record(
        "model.token_issued",
        f"{by} issued the notebook token “{name}” of experiment {experiment.number}",
        actor=by,
        project=experiment.cycle.project,
    )
    return secret


@transaction.atomic
def revoke_token(*, token: NotebookToken, by: User) -> None:
    """Revoke a token, at once."""
    project = token.experiment.cycle.project
    require(by, Verb.TRAIN, project)
    token.revoked_at = token.revoked_at or timezone.now()
    token.save(update_fields=["revoked_at"])
    ledger.record(
        "model.token_revoked",
        f"{by} revoked the notebook token “{token.name}” of experiment {token.experiment.number}",
        actor=by,
        project=project,
    )


@transaction.atomic
def note_taken(*, token: NotebookToken, what: str) -> None:
    """Rows left the house by a token: the ledger says so."""
    ledger.record(
        "model.rows_taken",
        f"The notebook token “{token.name}” of {token.created_by} took {what}",
        actor=token.created_by,
        project=token.experiment.cycle.project,
        facts={"experiment": token.experiment.number},
    )


@transaction.atomic
def register(*, token: NotebookToken, title: str, body: bytes) -> Trial:
    """Take a pipeline that a notebook sent, as one more candidate of the experiment.

    ``body``: a skops file. It is trained by a worker on the experiment's folds as all others are;
    what it had learnt before counts for nothing. The file is opened there only, in a child.
    """
    experiment, by = token.experiment, token.created_by
    require(by, Verb.TRAIN, experiment.cycle.project)
    if not title:
        raise Refusal("Give the model a title: …/models?title=My+pipeline.")
    if not body.startswith(ZIP):
        raise Refusal("The body is no skops file. Send the bytes of skops.io.dumps(pipeline).")
    waiting = experiment.trials.filter(candidate=GIVEN, job__state__in=LIVE).count()
    if waiting >= MOST_WAITING:
        raise Refusal(f"{waiting} models of notebooks wait already. Wait until some have ended.")
    with scratch() as folder:
        file = folder / "given.skops"
        file.write_bytes(body)
        sha256 = keep(file)
    job = enqueue(
        "modeling.run_trial",
        queue=Queue.TRAIN,
        title=f"Train {title} of a notebook, experiment {experiment.number}",
        project=experiment.cycle.project,
        by=by,
    )
    restart_clock(experiment)
    trial = Trial.objects.create(
        experiment=experiment,
        candidate=GIVEN,
        title=f"Notebook: {title}"[:80],
        params={"sha256": sha256},
        job=job,
    )
    ledger.record(
        "model.registered",
        f"A notebook registered “{title}” in experiment {experiment.number}, by the token "
        f"“{token.name}” of {by}",
        actor=by,
        project=experiment.cycle.project,
        facts={"trial": trial.pk, "file": sha256},
    )
    return trial
