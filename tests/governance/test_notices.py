"""Who is told what, in the app and by e-mail: once, after the change, and never in its way."""

import smtplib
from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.governance import work
from apps.governance.actions.signing import confirm_condition
from apps.governance.actions.submitting import submit_gate
from apps.governance.finding_actions import NewFinding, answer_finding, close_finding
from apps.governance.models import Notice
from apps.governance.notices import notices_of, unread_count
from apps.governance.state import glance_of
from apps.projects.models import Role, Team, Verdict
from apps.projects.stages import Stage
from mlcycle_site.settings.mail import mailer
from tests import builders
from tests.conftest import PASSWORD


def told(person, kind=None):
    found = notices_of(person).filter(kind=kind) if kind else notices_of(person)
    return [notice.says for notice in found.order_by("pk")]


def later(time_machine, **by):
    time_machine.move_to(timezone.now() + timedelta(**by), tick=False)


@pytest.fixture(autouse=True)
def _somebody_decides(manager):
    """The manager is there before anything is submitted."""


@pytest.fixture
def returned(submitted, sign, manager):
    """The plan came back with one finding that the analyst owns."""
    new = [NewFinding("The customer is called Jane Doe")]
    sign(manager, verdict=Verdict.RETURN, findings=new)
    return submitted.gate_findings.get()


def test_a_submission_is_told_to_those_who_can_decide_and_to_nobody_else(
    cycle, analyst, manager, viewer, join, stranger
):
    second = join(Role.MANAGER, name="Second Manager")
    elsewhere = join(Role.MANAGER, name="E", into=Team.objects.create(name="Another"))
    builders.make_plan(cycle, analyst)
    submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)
    says = ["Ann Lind submitted the planning gate of Card fraud."]
    assert [told(person) for person in (manager, second)] == [says, says]
    assert [told(person) for person in (analyst, viewer, stranger, elsewhere)] == [[], [], [], []]


def test_a_manager_who_wrote_the_plan_is_not_asked_to_sign_it(cycle, analyst, join, team):
    author = join(Role.ANALYST, name="Au Thor")
    builders.make_plan(cycle, author)
    team.memberships.filter(user=author).update(role=Role.MANAGER)
    builders.make_plan(cycle, analyst, metrics={"baseline": 0.7})
    submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)
    assert told(author) == []


def test_a_decision_is_told_to_who_submitted_and_who_wrote(submitted, sign, manager, analyst):
    sign(manager)
    assert told(analyst) == ["Mo Okafor: the planning gate of Card fraud is approved."]
    assert told(manager, "decided") == []


def test_a_finding_goes_back_and_forth_between_both_sides(returned, analyst, manager):
    where = "finding 1 at the planning gate of Card fraud."
    assert told(analyst, "finding") == [f"Mo Okafor raised {where}"]
    answer_finding(finding=returned, text="Bo does", by=analyst)
    assert told(manager, "finding") == [f"Ann Lind answered {where}"]
    answer_finding(finding=returned, text="Since when?", by=manager)
    close_finding(finding=returned, by=manager)
    assert told(analyst, "finding")[1:] == [
        f"Mo Okafor asked back on {where}",
        f"Mo Okafor closed {where}",
    ]


def test_a_change_that_is_rolled_back_tells_nobody(cycle, analyst, manager):
    builders.make_plan(cycle, analyst)
    with transaction.atomic():
        submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)
        transaction.set_rollback(True)
    assert (told(manager), work.mail()) == ([], 0)


def test_an_email_is_one_sentence_and_a_link_without_what_was_written(returned, analyst):
    assert work.mail() >= 2
    text = next(sent.body for sent in mail.outbox if "raised" in sent.body)
    assert text == (
        "Mo Okafor raised finding 1 at the planning gate of Card fraud.\n\n"
        f"{settings.SITE_URL}/p/card-fraud/gates/plan/#finding-1\n"
    )
    assert not [sent for sent in mail.outbox if "Jane Doe" in sent.body + sent.subject]
    assert {address for sent in mail.outbox for address in sent.to} == {
        "mo.okafor@example.org",
        analyst.email,
    }


def test_an_email_is_sent_once_however_often_the_worker_looks(submitted):
    assert [work.mail(), work.mail()] == [1, 0]
    assert len(mail.outbox) == 1


def test_two_workers_that_look_at_once_send_one_email(submitted):
    notice = Notice.objects.get()
    assert work._send(notice)
    assert not work._send(notice)  # the second read the row before the first wrote it
    assert len(mail.outbox) == 1


def test_who_switched_email_off_reads_it_in_the_app_only(cycle, analyst, manager, client):
    client.force_login(manager)
    profile = {"name": manager.name, "theme": "auto"}
    assert client.post(reverse("accounts:profile"), profile).status_code == 302
    builders.make_plan(cycle, analyst)
    submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)
    assert (work.mail(), unread_count(manager)) == (0, 1)


@pytest.mark.parametrize("fault", [OSError("no route"), smtplib.SMTPServerDisconnected("gone")])
def test_a_mail_server_that_fails_is_tried_again_and_breaks_nothing(
    submitted, monkeypatch, time_machine, fault
):
    def fails(**kwargs):
        raise fault

    real = work.send_mail
    monkeypatch.setattr(work, "send_mail", fails)
    assert work.mail() == 0
    monkeypatch.setattr(work, "send_mail", real)
    assert work.mail() == 0  # not at once
    later(time_machine, minutes=2)
    assert work.mail() == 1


def test_an_address_that_never_works_is_given_up(submitted, monkeypatch, time_machine):
    def fails(**kwargs):
        raise OSError("no route")

    monkeypatch.setattr(work, "send_mail", fails)
    for _ in range(work.MOST_TRIES + 2):
        work.mail()
        later(time_machine, days=4)
    notice = Notice.objects.get()
    assert (notice.mail_tries, notice.mail_after) == (work.MOST_TRIES, None)


def test_what_waits_is_told_of_again_once_a_period(submitted, manager, analyst, time_machine):
    work.remind()
    assert told(manager, "reminder") == []
    later(time_machine, days=settings.REMIND_DAYS, hours=1)
    work.remind()
    work.remind()
    assert len(told(manager, "reminder")) == 1
    assert "waits for a decision since" in told(manager, "reminder")[0]
    later(time_machine, days=settings.REMIND_DAYS)
    work.remind()
    assert len(told(manager, "reminder")) == 2
    assert told(analyst, "reminder") == []


def test_two_schedulers_remind_once(submitted, manager, time_machine):
    """The second looks before the first has written: the unique key decides, in the database."""
    later(time_machine, days=settings.REMIND_DAYS, hours=1)
    seen = glance_of(submitted, Stage.PLAN)
    for _ in range(2):
        work._remind_deciders(seen, seen.submission)
    assert Notice.objects.filter(person=manager, kind="reminder").count() == 1


def test_a_finding_that_nobody_answers_is_told_of_again(returned, analyst, time_machine):
    later(time_machine, days=settings.REMIND_DAYS, hours=1)
    work.remind()
    assert len(told(analyst, "reminder")) == 1
    answer_finding(finding=returned, text="Bo does", by=analyst)
    later(time_machine, days=settings.REMIND_DAYS)
    work.remind()
    assert len(told(analyst, "reminder")) == 1


def test_reminders_can_be_switched_off(submitted, manager, time_machine, settings):
    settings.REMIND_DAYS = 0
    later(time_machine, days=9)
    work.remind()
    assert told(manager, "reminder") == []


def test_a_condition_is_told_of_a_week_before_and_when_it_is_overdue(
    submitted, sign, manager, analyst, time_machine
):
    due_on = timezone.localdate() + timedelta(days=10)
    sign(manager, verdict=Verdict.CONDITIONS, condition="Name a deputy", due_on=due_on)
    work.remind()
    assert told(manager, "condition") == []
    later(time_machine, days=4)
    work.remind()
    work.remind()
    assert len(told(manager, "condition")) == len(told(analyst, "condition")) == 1
    later(time_machine, days=8)
    work.remind()
    assert "was due on" in told(manager, "condition")[1]
    assert len(told(manager, "condition")) == len(told(analyst, "condition")) == 2


def test_a_condition_that_was_met_is_not_told_of(submitted, sign, manager, time_machine):
    due_on = timezone.localdate() + timedelta(days=5)
    decision = sign(manager, verdict=Verdict.CONDITIONS, condition="Name one", due_on=due_on)
    confirm_condition(decision=decision, by=manager, password=PASSWORD, note="Bo is named")
    work.remind()
    assert told(manager, "condition") == []


def test_a_notice_is_read_by_post_and_leads_to_its_place(client, submitted, manager):
    client.force_login(manager)
    inbox = reverse("governance:inbox")
    assert "unread notice" in client.get(inbox).content.decode()
    read = reverse("governance:read_notice", args=[Notice.objects.get().pk])
    assert client.get(read).status_code == 405
    assert client.post(read)["Location"] == "/p/card-fraud/gates/plan/"
    assert unread_count(manager) == 0
    assert "unread notice" not in client.get(inbox).content.decode()


def test_all_notices_are_read_at_once_and_only_mine(client, returned, manager, analyst):
    client.force_login(manager)
    client.post(reverse("governance:read_all"))
    assert unread_count(manager) == 0
    assert unread_count(analyst) > 0


def test_nobody_reads_the_notices_of_others(client, submitted, analyst):
    client.force_login(analyst)
    read = reverse("governance:read_notice", args=[Notice.objects.get().pk])
    assert client.post(read).status_code == 404


def test_who_left_the_team_reads_nothing_of_it_any_more(submitted, manager, team):
    team.memberships.filter(user=manager).delete()
    assert (told(manager), unread_count(manager), work.mail()) == ([], 0, 0)


def test_the_address_of_a_mail_server_becomes_a_mailer():
    read = {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "mail.example.org",
        "EMAIL_PORT": 587,
        "EMAIL_HOST_USER": None,
        "EMAIL_USE_TLS": True,
        "EMAIL_FILE_PATH": "",
    }
    assert mailer(read)["OPTIONS"] == {
        "host": "mail.example.org",
        "port": 587,
        "use_tls": True,
        "timeout": 20,
    }
    console = {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    assert mailer(console) == {"BACKEND": "django.core.mail.backends.console.EmailBackend"}
