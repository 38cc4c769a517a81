"""The password at a signature: compared each time, closed after a few wrong ones."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.governance.models import PasswordCount
from apps.projects import ledger
from apps.projects.models import Project
from apps.web.refusals import Refusal

WRONG_PASSWORDS = 5
CLOSED_FOR = timedelta(minutes=15)


class WrongPassword(Refusal):
    """The password is wrong, or was wrong too often."""


@transaction.atomic
def _count(by: User) -> None:
    """Count one attempt before it is compared, so that guesses sent meanwhile meet the count."""
    now = timezone.now()
    PasswordCount.objects.get_or_create(person=by, defaults={"last_at": now})
    row = PasswordCount.objects.select_for_update().get(person=by)
    if now - row.last_at >= CLOSED_FOR:
        row.wrong = 0
    if row.wrong >= WRONG_PASSWORDS:
        raise WrongPassword("Too many wrong passwords. Signing is closed for you for 15 minutes.")
    row.wrong, row.last_at = row.wrong + 1, now
    row.save(update_fields=["wrong", "last_at"])


def check_password(by: User, password: str, *, project: Project) -> None:
    """Compare the password. Call it outside of the transaction: a wrong one leaves a line."""
    _count(by)
    # As it is now: it may have been changed, or the account closed, since ``by`` was loaded.
    person = User.objects.filter(pk=by.pk, is_active=True).first()
    if person is not None and person.check_password(password):
        PasswordCount.objects.filter(person=by).update(wrong=0)
        return
    with transaction.atomic():
        ledger.record(
            "gate.password_wrong", f"{by} gave a wrong password", actor=by, project=project
        )
    raise WrongPassword("The password is not right. Nothing was signed.")
