"""Events are written in order, without gaps and forks, only with their change."""

import threading
from contextlib import suppress

import pytest
from django.db import connection, transaction

from apps.projects import ledger
from apps.projects.models import Chain, Project
from apps.projects.verifying import verify
from tests.projects.conftest import verdict

WRITERS, EACH = 8, 100


def test_an_untouched_ledger_holds(chain, other):
    code, says = verdict()
    assert code == 0
    assert f"{chain}: {chain.seq} events hold, head {chain.head}" in says
    assert f"{other}: 1 events hold" in says


def test_the_sequence_has_no_gaps_after_a_rolled_back_change(chain, project, analyst):
    before = chain.seq
    with suppress(ZeroDivisionError), transaction.atomic():
        ledger.record("test.undone", "Never happened", actor=analyst, project=project)
        1 / 0  # noqa: B018
    with transaction.atomic():
        ledger.record("test.next", "Next", actor=analyst, project=project)
    assert list(chain.events.values_list("seq", flat=True)) == list(range(1, before + 2))
    assert verdict()[0] == 0


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_of_a_transaction_is_refused(project, analyst):
    with pytest.raises(RuntimeError, match="inside the transaction"):
        ledger.record("test.alone", "Alone", actor=analyst, project=project)


@pytest.mark.django_db(transaction=True)
def test_eight_writers_at_once_leave_no_gap_and_no_fork(project, analyst):
    start, problems = threading.Barrier(WRITERS), []

    def write(number):
        try:
            mine = Project.objects.get(pk=project.pk)
            start.wait(timeout=30)
            for index in range(EACH):
                with transaction.atomic():
                    ledger.record("test.raced", f"{number}.{index}", actor=None, project=mine)
        except Exception as problem:
            problems.append(problem)
            raise
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert problems == []
    chain = Chain.objects.get(team=project.team)
    assert chain.events.count() == chain.seq == WRITERS * EACH + 1
    assert chain.events.values("previous").distinct().count() == chain.seq
    assert verify(chain).holds
