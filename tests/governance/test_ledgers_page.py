"""Managers and admins have their team's ledger checked and see what was found."""

import pytest
from django.db import connection
from django.urls import reverse

from apps.governance.models import Verification
from apps.governance.proof_actions import check_ledger
from apps.projects import anchors
from apps.projects.models import Chain, Role
from apps.web.refusals import Refusal

PAGE = "/audit/ledgers/"


@pytest.fixture(autouse=True)
def _own_anchors(settings, tmp_path):
    settings.ANCHOR_FILE = tmp_path / "anchors.jsonl"


@pytest.fixture
def chain(submitted, sign, manager) -> Chain:
    sign(manager)
    anchors.append(Chain.objects.all())
    return Chain.objects.get(team=submitted.project.team)


@pytest.fixture
def checked(client, chain, run_jobs):
    """``checked(person)`` presses the button and returns the page with the result."""

    def press(person):
        client.force_login(person)
        with run_jobs():
            answer = client.post(reverse("governance:check_ledger", args=[chain.pk]))
        assert answer.url == PAGE
        return client.get(PAGE).text

    return press


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMIN])
def test_a_check_is_stored_and_shown(checked, chain, join, role):
    page = checked(join(role))
    assert "Holds" in page
    assert f"{chain.seq}:{chain.head}" in page
    found = Verification.objects.get()
    assert (found.events, found.anchored_to, found.found) == (chain.seq, chain.seq, [])
    assert f"anchored to event {chain.seq}" in page


def test_what_is_wrong_stands_on_the_page(checked, chain, manager):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE projects_decision SET note = 'never said'")
    page = checked(manager)
    assert "Does not hold" in page
    assert "the record does not match" in page


def test_whoever_does_not_answer_for_a_ledger_neither_sees_nor_checks_it(
    client, chain, analyst, viewer, stranger
):
    for person in (analyst, viewer, stranger):
        client.force_login(person)
        page = client.get(PAGE)
        assert page.status_code == 200
        assert chain.head not in page.text
        assert "No ledger to check" in page.text
        assert client.post(f"{PAGE}{chain.pk}/check/").status_code == 404
        with pytest.raises(Refusal, match="Managers and admins"):
            check_ledger(chain=chain, by=person)


def test_one_check_at_a_time(chain, manager):
    check_ledger(chain=chain, by=manager)
    with pytest.raises(Refusal, match="being checked already"):
        check_ledger(chain=chain, by=manager)


def test_a_broken_file_of_anchors_ends_the_check_in_plain_words(checked, manager, settings):
    settings.ANCHOR_FILE.write_text("no anchors\n")
    page = checked(manager)
    assert "is not an anchor" in page
    assert "It did not finish" in page
