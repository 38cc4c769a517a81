"""Opening the evidence behind a question of a gate, which is noted beside the signature."""

from django.db import transaction

from apps.accounts.models import User
from apps.governance.actions.signing import may_decide
from apps.governance.models import EvidenceView
from apps.governance.state import ask
from apps.projects.access import Verb, require
from apps.projects.models import Cycle
from apps.projects.stages import Stage
from apps.web.refusals import Refusal


@transaction.atomic
def open_evidence(*, cycle: Cycle, stage: Stage, check: str, by: User) -> str:
    """The address of the evidence of this check; that it is opened by who decides here is noted.

    There is no line in the ledger for each opening: the decision's line holds what was opened.
    """
    require(by, Verb.LOOK, cycle.project)
    today = ask(cycle, stage)
    link = next((item.evidence.link for item in today.asked if item.check.key == check), "")
    if not link:
        raise Refusal("There is nothing to show behind this question now.")
    if not may_decide(today, by):  # no reason why not
        EvidenceView.objects.create(
            cycle=cycle, stage=stage, submission=today.glance.submission, check_key=check, person=by
        )
    return link
