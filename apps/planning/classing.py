"""What a person does about columns: say how sensitive they are."""

from django.db import transaction

from apps.accounts.models import User
from apps.planning.models import ColumnClass, Sensitivity
from apps.planning.queries import column_classes
from apps.projects import ledger
from apps.projects.access import Verb, require
from apps.projects.models import Project
from apps.web.refusals import Refusal

MOST_COLUMNS = 5_000


@transaction.atomic
def classify(*, project: Project, classes: dict[str, str], by: User) -> list[ColumnClass]:
    """Give columns their classes; those that have it already are left alone.

    It takes effect at once in every view and download, before any plan is signed anew.
    """
    require(by, Verb.COLLECT, project)
    Project.objects.select_for_update().get(pk=project.pk)
    if len(classes) > MOST_COLUMNS:
        raise Refusal(f"At most {MOST_COLUMNS:,} columns are classed at once.")
    unknown = set(classes.values()) - set(Sensitivity.values)
    if unknown:
        raise Refusal(f"“{sorted(unknown)[0]}” is no class: {', '.join(Sensitivity.values)} are.")
    known, made = column_classes(project.pk), []
    for column, level in sorted(classes.items()):
        if known.get(column) == level:
            continue
        row = ColumnClass.objects.create(
            project=project, column=column[:255], sensitivity=level, person=by
        )
        ledger.record(
            "plan.column_classed",
            f"{by} classed the column {column} as {level}",
            actor=by,
            project=project,
            facts={"column": column, "before": known.get(column, "")},
            row=row,
        )
        made.append(row)
    return made
