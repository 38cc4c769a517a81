"""Deny by default, proven by enumeration: every URL, every method, every kind of caller."""

import json
import logging
import os
import re
import uuid
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import override_settings
from django.urls import URLPattern, URLResolver, get_resolver, path

from apps.accounts.models import User
from apps.governance import context
from apps.projects.access import ALLOWS, Verb
from apps.projects.models import Role
from apps.web.declare import PUBLIC, SIGNED_IN, TOKEN

pytestmark = pytest.mark.once
TABLE = Path(__file__).with_name("urls.json")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


def all_patterns(resolver=None, prefix="", namespace=""):
    """(route, name, access) of every URL, however deep."""
    found = []
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            found += all_patterns(pattern, route, inner)
        elif isinstance(pattern, URLPattern):
            access = getattr(pattern.callback, "access", None)
            found.append((route, f"{namespace}{pattern.name}", access))
    return found


def test_every_url_declares_who_may_call_it():
    missing = [route for route, _, access in all_patterns() if not access]
    assert not missing, f"declare a permission (apps.web.declare, project_view): {missing}"


def test_the_table_of_urls_is_as_checked_in():
    """A new URL or a changed permission is a line in urls.json that a reviewer sees."""
    table = {route: access for route, _, access in sorted(all_patterns())}
    if os.environ.get("UPDATE_URLS"):
        TABLE.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n")
    assert json.loads(TABLE.read_text()) == table, "renew it with UPDATE_URLS=1 and look at it"


def undeclared(request):
    return HttpResponse("reached")


urlpatterns = [path("hidden/", undeclared)]


def test_an_undeclared_view_answers_403_and_does_not_run(client):
    with override_settings(ROOT_URLCONF=__name__):
        answer = client.get("/hidden/")
    assert answer.status_code == 403
    assert b"reached" not in answer.content


def filled(route, slug):
    """The address with the project's slug and ids that do not exist."""
    address = "/" + route
    for kind, value in (
        ("<slug:slug>", slug),
        ("<slug:stage>", "plan"),
        ("<slug:side>", "left"),
        ("<slug:key>", "trim_text"),
        ("<slug:name>", "roc"),
        ("<slug:measure>", "pearson"),
        ("<int:cycle>", "1"),
        ("<uuid:job_id>", str(uuid.uuid4())),
        ("<uuid:upload_id>", str(uuid.uuid4())),
        ("<uuid:prediction_id>", str(uuid.uuid4())),
    ):
        address = address.replace(kind, value)
    while "<int:" in address:
        start = address.index("<int:")
        address = address[:start] + "999999" + address[address.index(">", start) + 1 :]
    return address


PROJECT_URLS = [
    (route, access)
    for route, _, access in all_patterns()
    if access and access.startswith("project: ")
]


@pytest.fixture
def callers(join, stranger):
    """One person of each role, a stranger, and a member who was switched off."""
    cast = {role: join(role) for role in Role}
    off = join(Role.ANALYST, name="Off Line")
    off.is_active = False
    off.save(update_fields=["is_active"])
    return cast, stranger, off


def plain_frame(request):
    """A frame that asks the database nothing."""
    here = getattr(request, "project", None)
    return context.Frame(person=request.user, theme="auto", urls=context._urls(), project=here)


def is_right(status, *, who, verb, method):
    """Whether an answer to this kind of caller is one that the table of verbs allows."""
    if status >= 500:
        return False
    if who is None:
        return status in (302, 405)
    if who == "stranger":
        return status in (404, 405)
    if verb not in ALLOWS[who]:
        return status in (403, 405)
    # An action may ask for a stronger verb than the page that shows its button.
    return status != 403 or method in ("POST", "PUT", "PATCH", "DELETE")


def test_every_project_url_answers_every_caller_as_the_table_of_verbs_says(
    client, project, callers, monkeypatch
):
    # Thousands of refusals: nearly all of the time would go into their tracebacks in the log, and
    # into the frame around them, which tests/web/test_frame.py draws.
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", True)
    monkeypatch.setattr(context, "_frame", plain_frame)
    cast, stranger, off = callers
    wrong, taken = [], {route: METHODS for route, _ in PROJECT_URLS}
    for who, person in (("stranger", stranger), (None, None), *cast.items()):
        client.logout() if person is None else client.force_login(person)
        for route, access in PROJECT_URLS:
            verb, address = Verb(access.removeprefix("project: ")), filled(route, project.slug)
            answers = {
                method: client.generic(method, address).status_code for method in taken[route]
            }
            wrong += [
                (method, address, who, status)
                for method, status in answers.items()
                if not is_right(status, who=who, verb=verb, method=method)
            ]
            # A method that even a stranger is told of (405, not 404) is refused to everybody alike.
            taken[route] = tuple(method for method in answers if answers[method] != 405)
    client.force_login(off)
    assert client.get(f"/p/{project.slug}/").status_code == 302
    assert not wrong


def test_another_teams_project_looks_like_one_that_does_not_exist(client, project, stranger):
    client.force_login(stranger)
    theirs, nobodys = client.get(f"/p/{project.slug}/"), client.get("/p/no-such-project/")
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    bodies = [
        re.sub(rb"[A-Za-z0-9]{64}", b"token", page.content).replace(name, b"x")
        for page, name in ((theirs, project.slug.encode()), (nobodys, b"no-such-project"))
    ]
    assert bodies[0] == bodies[1]


def test_pages_for_the_signed_in_send_others_to_the_sign_in_page(client, db):
    for route, _, access in all_patterns():
        if access == SIGNED_IN and not route.startswith("accounts/"):
            answer = client.get(filled(route, "x"))
            assert answer.status_code in (302, 405), route
            if answer.status_code == 302:
                assert "/accounts/login/" in answer["Location"]


def test_the_json_doors_answer_json_to_everybody(client, db):
    for route, _, access in all_patterns():
        if access == TOKEN:
            for method in METHODS:
                answer = client.generic(method, filled(route, "nothing"))
                assert answer.status_code in (401, 405), (method, route)
                assert answer["Content-Type"] == "application/json"


def test_public_pages_are_few_and_known():
    names = {name for _, name, access in all_patterns() if access == PUBLIC}
    ours = {name for name in names if not name.startswith(("account_", "mfa_"))}
    assert ours == {"healthz", "readyz", "plan_schema"}


def test_the_administration_is_closed_to_everybody_but_staff(client, join, db):
    client.force_login(join(Role.MANAGER))
    assert client.get("/admin/").status_code in (302, 403)
    chief = User.objects.create_superuser("chief@example.org", "long enough password", name="C")
    client.force_login(chief)
    assert client.get("/admin/").status_code == 200


def test_every_answer_carries_the_strict_headers(client, project, analyst):
    client.force_login(analyst)
    for address in ("/", f"/p/{project.slug}/", "/accounts/login/", "/p/nowhere/", "/jobs/"):
        headers = client.get(address).headers
        policy = headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe-eval" not in policy
        assert "frame-ancestors 'none'" in policy
        script = next(part for part in policy.split(";") if "script-src" in part)
        assert "unsafe-inline" not in script
        assert headers["Cache-Control"] == "no-store" or "no-store" in headers["Cache-Control"]
        assert headers["X-Content-Type-Options"] == "nosniff"
