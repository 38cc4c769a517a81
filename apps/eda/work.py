"""What a worker does: profile a table, answer what is much to compute, keep the results."""

import json
from typing import Any

from apps.datasets.storage import keep, local, scratch
from apps.eda.answers import Question, packed
from apps.eda.models import Answer, Profile
from apps.jobs.models import Job
from apps.jobs.runner import Desk
from apps.planning.queries import signed_plan
from apps.projects import ledger


def profile_table(job: Job, desk: Desk) -> None:
    """Profile the rows and study what lies between the columns, in limited child processes."""
    profile = Profile.objects.select_related("cycle__project").get(job=job)
    plan = signed_plan(profile.cycle)
    positive = (plan.positive or None) if plan else None
    table = str(local(profile.parquet))
    result = desk.child(
        "apps.engine.profile.table:profile_table",
        table=table,
        target=profile.target or None,
        positive=positive,
    )
    stored = _kept(result)
    study = desk.child(
        "apps.engine.profile.study:study_table",
        table=table,
        profile=str(local(stored)),
        positive=positive,
    )
    kept_study = _kept(study)
    with desk.finishing():
        profile.result, profile.study = stored, kept_study
        profile.save(update_fields=["result", "study"])
        ledger.record(
            "data.profiled",
            f"{result['column_count']} columns of {result['rows']:,} {profile.scope} rows profiled",
            actor=job.by,
            project=profile.cycle.project,
            facts={"result": stored, "study": kept_study},
        )


def answer(job: Job, desk: Desk) -> None:
    """Answer what somebody asked about the rows, in a limited child process."""
    row = Answer.objects.get(job=job)
    question = Question.from_dict(row.question)
    told = desk.child(question.name, **question.with_paths())
    with desk.finishing():
        row.content = packed(told)
        row.save(update_fields=["content"])


def _kept(told: dict[str, Any]) -> str:
    with scratch() as folder:
        file = folder / "told.json"
        file.write_text(json.dumps(told, allow_nan=False))
        return keep(file)
