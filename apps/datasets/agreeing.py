"""Writing a version of a contract: what a person's save and a worker's draft have in common."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Max

from apps.accounts.models import User
from apps.datasets.models import Contract, Source
from apps.engine.contract.rule import MOST_RULES, Rule
from apps.projects import ledger
from apps.projects.canonical import content_hash
from apps.projects.models import Cycle
from apps.web.refusals import Refusal


def record(
    *,
    cycle: Cycle,
    source: Source | None,
    rules: Sequence[Rule],
    says: str,
    by: User,
    seen: int | None = None,
) -> Contract:
    """The next version of a contract, unless the newest says the same. Inside a transaction.

    ``seen``: the number that the writer had before them; another one is refused.
    """
    if len(rules) > MOST_RULES:
        raise Refusal(f"A contract has at most {MOST_RULES} rules: take some out first.")
    told = [rule.as_dict() for rule in rules]
    kept = cycle.project.contracts.filter(source=source)
    last = kept.aggregate(last=Max("number"))["last"] or 0
    if seen is not None and seen != last:
        raise Refusal(
            f"Version {last} of this contract was made meanwhile: look at it, and change it there."
        )
    digest = content_hash(told)
    newest = kept.order_by("-number").first()
    if newest is not None and newest.content_hash == digest:
        return newest
    made = Contract.objects.create(
        project=cycle.project,
        source=source,
        number=last + 1,
        rules=told,
        content_hash=digest,
        says=says[:300],
        author=by,
    )
    facts: dict[str, Any] = {"cycle": cycle.number, "contract": digest, "rules": len(told)}
    facts |= {"source": source.pk} if source else {}
    sentence = f"{by} wrote version {made.number} of the contract of {made.about}: {says}"
    ledger.record(
        "data.contract_written", sentence, actor=by, project=cycle.project, facts=facts, row=made
    )
    return made
