"""The accounts of the demo. They exist only after ``seed_demo``."""

from dataclasses import dataclass

from django.db import transaction

from apps.accounts.models import User
from apps.projects import ledger
from apps.projects.models import Membership, Role, Team

PASSWORD = "demo-ml-cycle"  # noqa: S105  (printed on the start page of the demo)
TEAM = "Demo"


@dataclass(frozen=True)
class Cast:
    """Who acts in the demo."""

    team: Team
    analyst: User
    manager: User
    second_manager: User


PEOPLE = (
    ("analyst@demo.example", "Ann Lind", Role.ANALYST),
    ("manager@demo.example", "Mo Okafor", Role.MANAGER),
    ("manager2@demo.example", "Noor Haddad", Role.MANAGER),
    ("viewer@demo.example", "Vera Blum", Role.VIEWER),
    ("admin@demo.example", "Ada Novak", Role.ADMIN),
)


@transaction.atomic
def cast() -> Cast:
    """The demo's people; made on the first call."""
    team, made = Team.objects.get_or_create(name=TEAM)
    found: dict[str, User] = {}
    for email, name, role in PEOPLE:
        user = User.objects.filter(email=email).first()
        if user is None:
            is_admin = role == Role.ADMIN
            user = User.objects.create_user(
                email,
                PASSWORD,
                name=name,
                is_staff=is_admin,
                is_superuser=is_admin,
                mail_notices=False,  # nobody reads these addresses
            )
        Membership.objects.get_or_create(team=team, user=user, defaults={"role": role})
        found[email.partition("@")[0]] = user
    if made:
        ledger.record("team.started", "The demo's team was made", actor=None, team=team)
    return Cast(team, found["analyst"], found["manager"], found["manager2"])
