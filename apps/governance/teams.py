"""The page of a team: members, who signs for whom, how forecasts turned out."""

from dataclasses import dataclass

from apps.governance.forecasts import Reviewer, reviewers_of
from apps.governance.models import Delegation
from apps.governance.signers import delegations_today
from apps.production.watch.outcomes import WINDOW
from apps.projects.models import Membership, Role, Team, Tier
from apps.web.ordering import Alphabetical

MOST_DELEGATIONS = 50


@dataclass(frozen=True)
class TeamPage:
    """A team: its members, who signs for whom, how its reviewers' forecasts turned out."""

    members: list[Membership]
    delegations: list[Delegation]
    today: frozenset[int]  # ids of the delegations that hold today
    reviewers: list[Reviewer]
    managers: int
    strict: int

    window_days: int = WINDOW.days

    @property
    def lacks(self) -> str:
        """What stops signatures in this team, as a sentence; empty when nothing does."""
        if not self.managers:
            return "Nobody in this team is a manager: nothing can be signed."
        if self.managers == 1 and self.strict:
            return (
                "This team has projects of tier 1, which need two different managers, and only "
                "one manager."
            )
        return ""


def team_page(team: Team) -> TeamPage:
    """Everything on the page of a team. A fixed number of queries."""
    members = team.memberships.select_related("user").order_by(Alphabetical("user__name"))
    rows = list(members)
    given = Delegation.objects.filter(team=team).select_related(
        "giver", "delegate", "revocation__person"
    )
    return TeamPage(
        members=rows,
        delegations=list(given.order_by("-pk")[:MOST_DELEGATIONS]),
        today=frozenset(delegations_today().filter(team=team).values_list("pk", flat=True)),
        reviewers=reviewers_of(team),
        managers=sum(row.role == Role.MANAGER and row.user.is_active for row in rows),
        strict=team.projects.filter(tier=Tier.HIGH, archived_at=None).count(),
    )
