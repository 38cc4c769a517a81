"""Databases of a team: who may connect them, which are reached, and where the password is not."""

import io
import logging
import socket

import pytest
from django.apps import apps as django_apps
from django.urls import get_resolver, reverse

from apps.datasets import connections, hosts
from apps.datasets.database_models import Connection
from apps.projects import keys
from apps.projects.access import ALLOWS, Verb
from apps.projects.models import Membership, Role, Team
from apps.web.refusals import Refusal
from tests.architecture.test_urls import all_patterns, filled, is_right
from tests.databases import PASSWORD

METHODS = ("GET", "POST")


@pytest.fixture
def boss(join):
    return join(Role.MANAGER, name="Connie Nector")


@pytest.fixture
def team_at(client, team, boss):
    """``team_at("add_database")`` is an address; the manager is signed in."""
    client.force_login(boss)
    return lambda name, *ids: reverse(f"databases:{name}", args=[team.pk, *ids])


def form(**changes):
    return {
        "name": "warehouse", "dialect": "postgresql", "host": "127.0.0.1", "port": "5432",
        "database": "postgres", "username": "reader", "password": PASSWORD, "tls": "off",
    } | changes  # fmt: skip


@pytest.fixture
def connected(client, team_at, settings, asked_here):
    """A database that was added by the form."""
    settings.SQL_HOSTS = ["127.0.0.1"]
    assert client.post(team_at("add_database"), form()).status_code == 302
    return Connection.objects.get(name="warehouse")


@pytest.mark.once
def test_every_address_of_a_team_answers_every_caller_as_the_table_of_verbs_says(
    client, team, join, stranger
):
    cast = {role: join(role) for role in Role}
    routes = [(r, a) for r, _, a in all_patterns(get_resolver()) if a and a.startswith("team: ")]
    assert len(routes) >= 11
    wrong = []
    for who, person in (*cast.items(), ("stranger", stranger), (None, None)):
        client.logout() if person is None else client.force_login(person)
        for route, access in routes:
            verb = Verb(access.removeprefix("team: "))
            address = filled(route.replace("<int:team_id>", str(team.pk)), "x")
            for method in METHODS:
                status = client.generic(method, address).status_code
                if not is_right(status, who=who, verb=verb, method=method):
                    wrong.append((method, address, who, status))
    assert not wrong


def test_managers_and_team_admins_connect_and_analysts_use():
    assert {role for role in Role if Verb.CONNECT in ALLOWS[role]} == {Role.MANAGER, Role.ADMIN}


def test_another_teams_database_is_not_there(client, connected, boss):
    other = Team.objects.create(name="Others")
    Membership.objects.create(team=other, user=boss, role=Role.MANAGER)
    address = reverse("databases:remove_database", args=[other.pk, connected.pk])
    assert client.post(address).status_code == 404


def test_no_host_is_reached_before_an_administrator_names_it(client, team_at):
    answer = client.post(team_at("add_database"), form())
    assert answer.status_code == 422
    assert "has to name it in MLCYCLE_SQL_HOSTS" in answer.content.decode()
    assert PASSWORD not in answer.content.decode()
    assert not Connection.objects.exists()


def test_no_sqlite_file_is_read_before_an_administrator_names_its_folder(client, team_at):
    answer = client.post(team_at("add_database"), form(dialect="sqlite", database="a.sqlite"))
    assert "MLCYCLE_SQLITE_FOLDER" in answer.content.decode()


@pytest.fixture
def answers(monkeypatch):
    """``answers("10.0.0.1")``: what every name is resolved to; each asking is counted."""
    asked = []

    def make(*addresses):
        def resolve(host, port, **_):
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

        monkeypatch.setattr(hosts.socket, "getaddrinfo", resolve)
        return asked

    return make


@pytest.mark.once
@pytest.mark.parametrize(
    ("allowed", "host", "port", "ip"),
    [
        ("db.example.org", "DB.example.org.", 5432, "10.1.2.3"),
        ("db.example.org:5432", "db.example.org", 5432, "10.1.2.3"),
        ("10.1.0.0/16", "anything.example.org", 3306, "10.1.2.3"),
        ("10.1.2.3:3306", "anything.example.org", 3306, "10.1.2.3"),
        ("localhost", "localhost", 5432, "127.0.0.1"),
        ("[::1]:5432", "six.example.org", 5432, "::1"),
        ("127.0.0.1", "loop.example.org", 5432, "127.0.0.1"),
    ],
)
def test_a_host_that_is_named_is_resolved_to_one_address(
    settings, answers, allowed, host, port, ip
):
    settings.SQL_HOSTS = [allowed]
    asked = answers(ip)
    assert hosts.resolved(host, port) == ip
    assert len(asked) == 1


@pytest.mark.once
@pytest.mark.parametrize(
    ("allowed", "host", "port", "ip"),
    [
        ("", "db.example.org", 5432, "10.1.2.3"),
        ("db.example.org", "evil.example.org", 5432, "10.1.2.3"),
        ("db.example.org:5432", "db.example.org", 22, "10.1.2.3"),
        ("db.example.org", "db.example.org.evil.org", 5432, "10.1.2.3"),
        ("10.1.0.0/16", "db.example.org", 5432, "10.2.0.1"),
        ("db.example.org", "db.example.org", 5432, "127.0.0.1"),  # its owner points it at us
        ("db.example.org", "db.example.org", 5432, "169.254.169.254"),  # or at the cloud's keys
        ("db.example.org", "db.example.org", 5432, "::ffff:127.0.0.1"),
    ],
)
def test_any_other_host_is_refused_with_the_name_of_the_setting(
    settings, answers, allowed, host, port, ip
):
    settings.SQL_HOSTS = [allowed]
    answers(ip)
    with pytest.raises(Refusal, match="MLCYCLE_SQL_HOSTS"):
        hosts.resolved(host, port)


@pytest.mark.once
@pytest.mark.parametrize("database", ["../secret", "/etc/passwd", "link", ".", "absent"])
def test_a_sqlite_file_lies_inside_of_its_folder(settings, tmp_path, database):
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret").write_text("x")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "here").write_text("x")
    settings.SQLITE_FOLDER = str(folder)
    assert hosts.sqlite_file("here") == (folder / "here").resolve()
    with pytest.raises(Refusal, match="There is no file"):
        hosts.sqlite_file(database)


@pytest.mark.once
@pytest.mark.parametrize(
    "change",
    [
        {"host": ""},
        {"host": "/var/run/postgresql"},
        {"host": "a.example.org,b.example.org"},
        {"username": ""},
        {"port": "70000"},
        {"authority": "no certificate"},
        {"database": "a\u200bb"},
        {"dialect": "oracle"},
    ],
)
def test_what_is_no_address_is_refused_by_the_form(client, team_at, settings, change):
    settings.SQL_HOSTS = ["127.0.0.1"]
    assert client.post(team_at("add_database"), form(**change)).status_code == 422
    assert not Connection.objects.exists()


def every_value():
    """All that the database holds, as text."""
    told = io.StringIO()
    for model in django_apps.get_models():
        for row in model._default_manager.values():
            print(row, file=told)
    return told.getvalue()


def test_the_password_is_sealed_and_stands_nowhere_else(
    client, team_at, connected, settings, caplog, team
):
    caplog.set_level(logging.DEBUG)
    client.post(team_at("try_database", connected.pk))
    connected.refresh_from_db()
    assert connected.works is False  # nobody is called reader there
    texts = {
        "page": client.get(team_at("databases")).content.decode(),
        "audit": client.get(reverse("governance:audit")).content.decode(),
        "rows": every_value(),
        "log": caplog.text,
        "files": "".join(
            path.read_bytes().decode("latin-1")
            for path in settings.VAR.rglob("*")
            # Never the database itself: to close its file is to drop this process's locks on it.
            if path.is_file() and ".sqlite3" not in path.name
        ),
    }
    assert [name for name, text in texts.items() if PASSWORD in text] == []
    assert connections.address_of(connected)["password"] == PASSWORD


def test_a_password_goes_only_to_the_address_that_it_was_given_for(connected, settings):
    settings.SQL_HOSTS = ["0.0.0.0/0"]
    Connection.objects.filter(pk=connected.pk).update(host="127.0.0.2")  # by the database's owner
    connected.refresh_from_db()
    with pytest.raises(Refusal, match="enter the password anew"):
        connections.address_of(connected)


def test_the_setting_is_asked_again_each_time(connected, settings):
    settings.SQL_HOSTS = []
    with pytest.raises(Refusal, match="MLCYCLE_SQL_HOSTS"):
        connections.address_of(connected)


def test_a_password_outlives_a_new_key(connected, settings):
    settings.LEDGER_KEYS = [*(key.decode() for key in keys.ring().values()), "a newer key"]
    assert connections.address_of(connected)["password"] == PASSWORD
    settings.LEDGER_KEYS = ["another key"]
    with pytest.raises(Refusal, match="enter it anew"):
        connections.address_of(connected)


def test_a_database_is_tried_renamed_given_a_password_and_removed_and_the_ledger_tells(
    client, team_at, connected, team, postgresql
):
    Connection.objects.all().delete()
    address = postgresql.address
    client.post(team_at("add_database"), form(username=address["username"], password="old"))
    found = Connection.objects.get()
    client.post(team_at("replace_password", found.pk), {"password": address["password"]})
    client.post(team_at("rename_database", found.pk), {"name": "store"})
    client.post(team_at("try_database", found.pk))
    found.refresh_from_db()
    assert (found.name, found.works) == ("store", True)
    assert found.told.startswith("Connected to PostgreSQL")
    assert "in a read-only session" in client.get(team_at("databases")).content.decode()
    client.post(team_at("remove_database", found.pk))
    found.refresh_from_db()
    assert found.sealed == ""
    with pytest.raises(Refusal, match="was removed"):
        connections.address_of(found)
    assert client.post(team_at("try_database", found.pk)).status_code == 404
    events = team.chain.events.order_by("seq").values_list("verb", flat=True)
    assert [verb.removeprefix("data.database_") for verb in events][-5:] == [
        "added", "password_replaced", "renamed", "tried", "removed",
    ]  # fmt: skip


def test_two_databases_of_a_team_have_two_names(client, team_at, connected):
    answer = client.post(team_at("add_database"), form())
    assert "already: choose another name" in answer.content.decode()
