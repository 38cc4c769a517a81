"""What people ask for as proof: an evidence pack, a check of a ledger."""

from django.db import transaction

from apps.accounts.models import User
from apps.governance.models import Pack, Verification
from apps.governance.proof_queries import ledgers_of
from apps.jobs.actions import enqueue
from apps.jobs.models import LIVE, Queue
from apps.projects.access import Verb, require
from apps.projects.models import Chain, Cycle, Decision, Project
from apps.web.refusals import Refusal


@transaction.atomic
def make_pack(*, cycle: Cycle, decision: Decision | None, by: User) -> Pack:
    """Have an evidence pack made: of one decision, or of all gates of the cycle.

    The job writes the line in the ledger: it holds the hash of what the pack contains.
    """
    require(by, Verb.LOOK, cycle.project)
    Project.objects.select_for_update().get(pk=cycle.project_id)
    if Pack.objects.filter(cycle__project=cycle.project_id, job__state__in=LIVE).exists():
        raise Refusal("A pack of this project is being made. Wait until it is ready.")
    if not cycle.decisions.exists():
        raise Refusal("Nothing was decided in this cycle yet; there is nothing to prove.")
    job = enqueue(
        "governance.build_pack",
        queue=Queue.DATA,
        title=f"Evidence pack of {decision or cycle}",
        project=cycle.project,
        by=by,
    )
    return Pack.objects.create(cycle=cycle, decision=decision, job=job, by=by)


@transaction.atomic
def check_ledger(*, chain: Chain, by: User) -> Verification:
    """Have a ledger checked. It changes nothing, so it writes no event."""
    mine = ledgers_of(by).filter(pk=chain.pk)
    if not mine.exists():
        raise Refusal("Managers and admins of the team check its ledger.")
    if Verification.objects.filter(chain=chain, job__state__in=LIVE).exists():
        raise Refusal("This ledger is being checked already.")
    job = enqueue(
        "governance.check_ledger",
        queue=Queue.DATA,
        title=f"Check the ledger of {chain.team or 'the installation'}",
        project=None,
        by=by,
    )
    return Verification.objects.create(chain=chain, job=job, by=by)
