"""What a worker does: profile a table, answer what is much to compute, keep the results."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from apps.datasets.storage import clear, keep, local, scratch
from apps.datasets.vault import unseal
from apps.eda.answers import Question, packed
from apps.eda.models import Answer, Profile, SealedLook, SealedSight
from apps.jobs.models import Job
from apps.jobs.runner import Desk
from apps.projects import ledger


def profile_table(job: Job, desk: Desk) -> None:
    """Profile the rows and study what lies between the columns, in a limited child process.

    What is known of the first columns is shown while the rest is computed.
    """
    profile = Profile.objects.select_related("cycle__project").get(job=job)
    with scratch() as folder:
        so_far = folder / "so_far.json"
        told = desk.child(
            "apps.engine.profile.explore:explore_table",
            beside=_shown(profile, so_far),
            table=str(local(profile.parquet)),
            target=profile.target or None,
            positive=profile.positive or None,
            reading=profile.reading,
            so_far=str(so_far),
        )
    result = told["profile"]
    stored, kept_study = _kept(result), _kept(told["study"])
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
    clear(profile.shelf)


def answer(job: Job, desk: Desk) -> None:
    """Answer what somebody asked about the rows, in a limited child process."""
    row = Answer.objects.get(job=job)
    question = Question.from_dict(row.question)
    told = desk.child(question.name, **question.with_paths())
    with desk.finishing():
        row.content = packed(told)
        row.save(update_fields=["content"])


def look_at_sealed(job: Job, desk: Desk) -> None:
    """Compare the features of both sides of the split. The plain rows exist only meanwhile."""
    look = SealedLook.objects.select_related("split", "cycle__project").get(job=job)
    split = look.split
    with scratch() as folder:
        unseal(split.sealed_test, to=folder / "test.parquet")
        result = desk.child(
            "apps.engine.profile.sealed:compare_sealed",
            development=str(local(split.development)),
            test=str(folder / "test.parquet"),
            without=[split.target, *(one["name"] for one in look.left_out)],
            apart=[name for name in (split.group, split.time) if name],
        )
    differ = sum(1 for column in result["columns"] if column["is_sure"])
    with desk.finishing():
        sight = SealedSight.objects.create(look=look, result=result)
        ledger.record(
            "data.sealed_compared",
            f"Look {look.number} at the sealed features: {differ} of {len(result['columns'])} "
            "columns differ by more than chance",
            actor=job.by,
            project=look.cycle.project,
            facts={"look": look.number, "differ": differ},
            row=sight,
        )


def _shown(profile: Profile, so_far: Path) -> Callable[[int], None]:
    """Keeps the newest part of a result, for the page to show until the whole is there."""
    seen = 0

    def look(_memory_bytes: int) -> None:
        nonlocal seen
        told = so_far.stat().st_mtime_ns if so_far.exists() else 0
        if told != seen:
            seen = told
            whole = so_far.with_name("shown.json")  # the file is replaced meanwhile
            whole.write_bytes(so_far.read_bytes())
            part = keep(whole, shelf=profile.shelf)
            Profile.objects.filter(pk=profile.pk, study="").update(result=part)

    return look


def _kept(told: dict[str, Any]) -> str:
    with scratch() as folder:
        file = folder / "told.json"
        file.write_text(json.dumps(told, allow_nan=False))
        return keep(file)
