"""The administration: every page opens, history cannot be changed there, secrets are not shown."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.modeling.models import Experiment, NotebookToken
from apps.production.models import ApiToken
from apps.projects.models import InsertOnly, Membership, Project, Role, Team
from tests.rows import Rows

SITE = admin.site._registry
MAY = {
    User: {"add", "change"},
    Team: {"add", "change"},
    Project: {"change"},
    Group: {"add", "change", "delete"},
    Authenticator: {"delete"},
}
SECRET = "5ec7e7"  # begins every secret of these tests


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def chief(client, db):
    """The installation's administrator, signed in."""
    person = User.objects.create_superuser("chief@example.org", "long enough password", name="C")
    client.force_login(person)
    return person


@pytest.fixture
def rows(project, analyst, manager, chief):
    """A row at least of everything."""
    Group.objects.create(name="Operators").permissions.add(Permission.objects.first())
    Authenticator.objects.create(
        user=analyst, type=Authenticator.Type.TOTP, data={"secret": SECRET}
    )
    made = Rows(project, analyst)
    made.of_every_kind(manager)
    NotebookToken.objects.create(
        experiment=Experiment.objects.first(),
        name="ideas",
        prefix="mln_abc",
        sha256=SECRET + "1" * 58,
        created_by=analyst,
        expires_at=timezone.now(),
    )
    return made


def test_every_model_of_ours_stands_in_the_administration():
    ours = {model for model in apps.get_models() if model.__module__.startswith("apps.")}
    assert ours - set(SITE) == {Membership}  # it stands on the page of its team


def test_lists_searches_filters_and_pages_open(client, rows, subtests):
    for model, shown in SITE.items():
        with subtests.test(model._meta.label):
            assert shown.search_fields
            assert len(shown.list_display) > 1 or model is Group
            lists = address(model, "changelist")
            for asked in ({}, {"q": "a"}, *filters_of(model, shown)):
                assert client.get(lists, asked).status_code == 200
            row = model._default_manager.first()
            assert client.get(address(model, "change", row.pk)).status_code == 200


def filters_of(model, shown):
    """What a click on a filter asks for."""
    for name in shown.list_filter:
        row = model._default_manager.first()
        value = getattr(row, model._meta.get_field(name).attname)
        if value is not None:
            yield {f"{name}__id__exact" if name in {"chain", "team"} else name: value}


@pytest.mark.once  # refused by the rights, not by the database
def test_only_people_teams_and_projects_are_changed_there(client, rows, subtests):
    for model in SITE:
        with subtests.test(model._meta.label):
            row = model._default_manager.first()
            before = model._default_manager.filter(pk=row.pk).values().get()
            for verb in {"add", "change", "delete"} - MAY.get(model, set()):
                args = [] if verb == "add" else [row.pk]
                asked = client.post(address(model, verb, *args), {"post": "yes"})
                assert asked.status_code == 403
            assert model._default_manager.filter(pk=row.pk).values().get() == before


def test_facts_are_never_changed_there():
    assert not {model for model in MAY if issubclass(model, InsertOnly)}


def test_a_lost_second_factor_is_taken_off(client, rows, analyst):
    factor = Authenticator.objects.get(user=analyst)
    client.post(address(Authenticator, "delete", factor.pk), {"post": "yes"})
    assert not Authenticator.objects.exists()


@pytest.mark.once  # forms; the pages open on every database above
def test_no_secret_is_shown_or_can_be_typed(client, rows, subtests):
    secrets = {"sha256", "secret", "data", "session_key"}
    for model in SITE:
        row = model._default_manager.first()
        page = client.get(address(model, "change", row.pk))
        form = page.context["adminform"].form
        with subtests.test(model._meta.label):
            assert SECRET not in page.content.decode()
            assert not secrets & set(form.fields)
            if "password" in form.fields:
                assert form.fields["password"].disabled
                assert row.password not in page.content.decode()


def test_a_token_is_found_by_its_first_characters(client, rows):
    found = client.get(address(ApiToken, "changelist"), {"q": "mlc_abc"}).content.decode()
    assert "the till" in found


def team_form(team, *members):
    """What the page of a team sends: its name and its memberships."""
    kept = team.memberships.count()
    form = {
        "name": team.name,
        "memberships-TOTAL_FORMS": len(members),
        "memberships-INITIAL_FORMS": kept,
    }
    for number, fields in enumerate(members):
        form |= {f"memberships-{number}-{name}": value for name, value in fields.items()}
        form[f"memberships-{number}-team"] = team.pk
    return form


def test_a_role_given_or_taken_there_stands_in_the_ledger(client, chief, team, analyst, join):
    other = join(Role.VIEWER, name="Vi Ewer", into=Team.objects.create(name="Elsewhere"))
    page = address(Team, "change", team.pk)
    first = team.memberships.get()
    promoted = {"id": first.pk, "user": analyst.pk, "role": Role.MANAGER}
    answer = client.post(page, team_form(team, promoted, {"user": other.pk, "role": Role.VIEWER}))
    assert answer.status_code == 302
    gone = {**promoted, "DELETE": "on"}
    kept = {"id": team.memberships.get(user=other).pk, "user": other.pk, "role": Role.VIEWER}
    assert client.post(page, team_form(team, gone, kept)).status_code == 302
    events = team.chain.events.filter(verb="team.role_set").order_by("seq")
    assert [(event.actor, event.facts["user"], event.facts["role"]) for event in events] == [
        (chief, other.pk, "viewer"),
        (chief, analyst.pk, "manager"),
        (chief, analyst.pk, ""),
    ]


def test_a_name_changed_there_stands_in_the_ledger_and_the_tier_cannot_be(client, chief, project):
    before = project.tier
    form = {"name": "Cards", "sentence": "", "tier": 1, "owner": project.owner_id}
    form |= {"archived_at_0": "", "archived_at_1": ""}
    assert client.post(address(Project, "change", project.pk), form).status_code == 302
    project.refresh_from_db()
    event = project.events.latest("seq")
    assert (event.verb, event.facts) == ("project.changed", {"name": "Cards"})
    assert event.says == "C changed in the administration: name"
    assert project.tier == before != 1


def test_many_of_a_thing_are_called_as_english_has_it():
    """Django puts an s behind each name: switchs, policys, classs."""
    called = [str(model._meta.verbose_name_plural) for model in admin.site._registry]
    assert [name for name in called if re.search(r"(ss|[^aeiou]ys|chs|eds|mets)$", name)] == []
