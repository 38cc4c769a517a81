"""The frame of every page, the error pages, the pages of signing in."""

import base64
import hashlib
import hmac
import struct
import time

import pytest
from django.test import Client
from django.urls import reverse

from apps.jobs.models import Job, JobState, Queue
from apps.projects.stages import TASKS, Stage
from tests.conftest import PASSWORD


@pytest.fixture
def overview(client, analyst, project):
    client.force_login(analyst)
    return client.get(reverse("governance:project", args=[project.slug])).content.decode()


def test_a_project_page_shows_all_tasks_and_gates_with_their_states_in_words(overview):
    for task in TASKS:
        assert task.title.replace("&", "&amp;") in overview
    for stage in Stage:
        assert f"{stage.label} gate" in overview
    assert '<span class="visually-hidden"> (open)</span>' in overview
    assert '<span class="visually-hidden"> (locked)</span>' in overview
    assert '<span class="visually-hidden">Locked:</span>' in overview


def test_a_keyboard_user_can_skip_to_the_page_and_hears_messages(overview):
    assert overview.index('class="skip" href="#main"') < overview.index('<header class="top')
    assert '<main class="main" id="main" tabindex="-1">' in overview
    assert '<div id="notices" role="status"' in overview


def test_htmx_is_configured_not_to_evaluate_to_store_or_to_leave_the_site(overview):
    for setting in (
        '"allowEval":false',
        '"historyCacheSize":0',
        '"selfRequestsOnly":true',
        '"includeIndicatorStyles":false',
    ):
        assert setting in overview
    assert "X-CSRFToken" in overview


@pytest.mark.parametrize(
    ("cookie", "drawn"), [("dark", "dark"), ("light", "light"), ("", "auto"), ('"><b>', "auto")]
)
def test_the_chosen_theme_is_drawn_by_the_server(client, cookie, drawn):
    client.cookies["theme"] = cookie
    assert f'data-bs-theme="{drawn}"' in client.get(reverse("account_login")).content.decode()


def test_the_theme_of_the_profile_replaces_the_one_that_the_menu_had_set(client, analyst):
    client.force_login(analyst)
    client.cookies["theme"] = "light"
    profile = reverse("accounts:profile")
    answer = client.post(profile, {"name": analyst.name, "theme": "dark"}, follow=True)
    assert 'data-bs-theme="dark"' in answer.content.decode()


def test_running_work_is_seen_from_every_page(client, analyst, project):
    job = Job.objects.create(
        task="x.y",
        queue=Queue.DATA,
        title="Import payments",
        project=project,
        state=JobState.RUNNING,
        done=31,
        total=50,
    )
    client.force_login(analyst)
    page = client.get(reverse("governance:home")).content.decode()
    assert 'value="62" aria-label="Import payments"' in page
    Job.objects.create(
        task="x.y", queue=Queue.DATA, title="Elsewhere", by=analyst, state=JobState.RUNNING
    )
    for address, first in (
        (reverse("governance:home"), "Elsewhere"),  # the newest
        (reverse("governance:project", args=[project.slug]), "Import payments"),
    ):
        assert f'title="{first}"' in client.get(address).content.decode()
    Job.objects.exclude(pk=job.pk).delete()
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE)
    assert "Import payments</span>" not in client.get(reverse("governance:inbox")).content.decode()


def test_a_page_that_is_not_there_tells_the_next_step(client, analyst, project):
    client.force_login(analyst)
    answer = client.get("/p/nothing-here/")
    assert answer.status_code == 404
    assert b"There is nothing at this address" in answer.content
    assert reverse("governance:projects").encode() in answer.content


def test_signing_in_and_out_works_without_a_script(client, analyst):
    sign_in = reverse("account_login")
    page = client.get(sign_in).content.decode()
    assert "made by" in page or "administrator makes accounts" in page
    wrong = client.post(sign_in, {"login": analyst.email, "password": "not the password"})
    assert b"error-summary" in wrong.content
    right = client.post(sign_in, {"login": analyst.email, "password": PASSWORD})
    assert (right.status_code, right.url) == (302, "/")
    assert (
        b"Work that runs in the background goes on" in client.get(reverse("account_logout")).content
    )
    assert client.post(reverse("account_logout")).status_code == 302
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "name", ["accounts:profile", "account_change_password", "mfa_index", "account_reauthenticate"]
)
def test_the_pages_about_oneself_stand_in_the_frame(client, analyst, name):
    client.post(reverse("account_login"), {"login": analyst.email, "password": PASSWORD})
    page = client.get(reverse(name)).content.decode()
    assert analyst.email in page
    assert 'class="skip"' in page


def one_time_code(secret: str) -> str:
    """RFC 6238: six digits of the HMAC-SHA1 of the number of half minutes since 1970."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def test_the_second_factor_is_set_up_used_and_taken_off(client, analyst):
    signing = {"login": analyst.email, "password": PASSWORD}
    client.post(reverse("account_login"), signing)
    activate = reverse("mfa_activate_totp")
    asked = client.get(activate, follow=True)
    assert b"Confirm that it is you" in asked.content
    assert f'name="next" value="{activate}"' in asked.content.decode()
    again = {"password": PASSWORD, "next": activate}
    asked = client.post(reverse("account_reauthenticate"), again, follow=True)
    secret = asked.context["form"].secret
    assert secret in asked.content.decode()
    client.post(activate, {"code": one_time_code(secret)})
    codes = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert 'class="codes"' in codes
    client.post(reverse("account_logout"))

    answer = client.post(reverse("account_login"), signing, follow=True)
    assert b"Enter the code of your app" in answer.content
    assert "_auth_user_id" not in client.session
    recovery = codes.split('id="codes"><li>')[1].split("</li>")[0]
    client.post(reverse("mfa_authenticate"), {"code": recovery})
    assert "_auth_user_id" in client.session
    off = reverse("mfa_deactivate_totp")
    again = {"password": PASSWORD, "next": off}
    asked = client.post(reverse("account_reauthenticate"), again, follow=True)
    assert b"Switch off the authenticator app?" in asked.content
    answer = client.post(off, follow=True)
    assert b"Set up the app" in answer.content


def test_a_job_shows_how_far_it_is_asks_for_itself_and_stops_asking_when_done(
    client, analyst, project
):
    job = Job.objects.create(
        task="x.y",
        queue=Queue.DATA,
        title="Import payments",
        project=project,
        state=JobState.RUNNING,
        done=31,
        total=50,
        says="Reading rows",
    )
    client.force_login(analyst)
    page = client.get(job.url).content.decode()
    assert f'hx-get="{job.url}" hx-trigger="every 2s"' in page
    assert "31 of 50 · Reading rows" in page
    assert f'action="{job.stop_url}"' in page
    headers = {"HX-Request": "true", "HX-Target": "job-card"}
    Job.objects.filter(pk=job.pk).update(state=JobState.FAILED, problem="Line 7 is cut off.")
    card = client.get(job.url, headers=headers).content.decode()
    assert "<html" not in card
    assert "hx-trigger" not in card
    assert "Line 7 is cut off." in card
    assert "Try again" in client.get(job.url).content.decode()
    assert "Line 7 is cut off." in client.get(reverse("jobs:jobs")).content.decode()
    queues = client.get(reverse("jobs:jobs"), headers={**headers, "HX-Target": "queues"})
    assert b"<html" not in queues.content
    assert b'id="queues"' in queues.content


def test_a_form_of_another_session_is_refused_with_what_to_do(analyst):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(analyst)
    answer = strict.post(reverse("accounts:profile"), {"name": "Other", "theme": "dark"})
    assert answer.status_code == 403
    assert b"This form is too old to be sent" in answer.content
    assert b'class="skip"' in answer.content
    analyst.refresh_from_db()
    assert analyst.name != "Other"


def test_who_guesses_passwords_is_told_to_wait_in_the_frame(client, analyst):
    sign_in = reverse("account_login")
    answers = [
        client.post(
            sign_in,
            {"login": f"{number}@a.example", "password": "a guess"},
            REMOTE_ADDR="192.0.2.7",
        )
        for number in range(61)
    ]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert b"Too many tries" in answers[-1].content


def test_a_closed_account_is_told_so(client, analyst):
    analyst.is_active = False
    analyst.save()
    signing = {"login": analyst.email, "password": PASSWORD}
    answer = client.post(reverse("account_login"), signing, follow=True)
    assert b"This account is closed" in answer.content
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("path", ["password/reset/", "email/", "password/set/", "confirm-email/"])
def test_nothing_of_signing_in_needs_e_mail(client, analyst, path):
    client.force_login(analyst)
    assert client.get(f"/accounts/{path}").status_code == 404
