"""docker-compose.yml and Dockerfile, read: no container engine is needed to see that they fit."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from celery.bin.celery import celery as celery_command
from django.core.management import get_commands

from apps.jobs.models import Queue

pytestmark = pytest.mark.once  # files of the project

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "mlcycle"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
ENV_NAMES = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def words(service: str) -> list[str]:
    """The command of a service as words; a shell's line is taken apart too."""
    command = SERVICES[service]["command"]
    listed = shlex.split(command) if isinstance(command, str) else list(command)
    return shlex.split(listed[2]) if listed[:2] == ["sh", "-c"] else listed


def option(service: str, name: str) -> str:
    listed = words(service)
    return listed[listed.index(name) + 1]


def granian_options() -> set[str]:
    from granian.cli import cli

    return {
        name for parameter in cli.params for name in [*parameter.opts, *parameter.secondary_opts]
    }


def scoring_options() -> set[str]:
    from mlcycle_site.scoring import options

    return {name for action in options()._actions for name in action.option_strings}


def test_the_parts_of_make_up_are_the_services():
    assert set(SERVICES) == {
        *("web", "scoring", "worker", "watcher", "beat", "redis", "postgres"),
    }


def test_every_queue_has_a_worker():
    listened = [queue for name in ("worker", "watcher") for queue in option(name, "-Q").split(",")]
    assert sorted(listened) == sorted(Queue.values)


@pytest.mark.parametrize("service", ["worker", "watcher", "beat"])
def test_celery_knows_each_command_and_option(service: str):
    listed = words(service)
    assert listed[:3] == ["celery", "-A", "mlcycle_site"]
    command = celery_command.commands[listed[3]]
    known = {name for parameter in command.params for name in parameter.opts}
    used = {word.partition("=")[0] for word in listed[4:] if word.startswith("-")}
    assert used <= known


def test_the_web_service_prepares_and_then_serves_with_options_that_granian_knows():
    listed = words("web")
    assert listed[:4] == ["python", "manage.py", "prepare", "&&"]
    assert "prepare" in get_commands()
    assert listed[4:6] == ["exec", "granian"]
    used = {word for word in listed[6:] if word.startswith("--")}
    assert used <= granian_options()
    assert listed[-1] == "mlcycle_site.wsgi:application"
    assert (ROOT / "mlcycle_site" / "wsgi.py").is_file()


@pytest.mark.parametrize("service", OURS)
def test_every_variable_of_our_services_is_a_setting(service: str):
    assert set(SERVICES[service]["environment"]) <= ENV_NAMES


def test_every_variable_that_compose_asks_for_is_a_setting_or_the_database_password():
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert asked <= ENV_NAMES | {"POSTGRES_PASSWORD"}


def test_no_password_has_a_default():
    text = (ROOT / "docker-compose.yml").read_text()
    assert re.findall(r"\$\{POSTGRES_PASSWORD(?!:\?)", text) == []
    assert not re.search(r"PASSWORD: *[\"']?[a-z0-9]", text)


@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"beat"}))
def test_services_are_asked_for_their_health(service: str):
    assert SERVICES[service]["healthcheck"]["test"][0] == "CMD"


def test_what_a_service_waits_for_can_be_healthy():
    for service in SERVICES.values():
        for name, condition in service.get("depends_on", {}).items():
            assert condition == {"condition": "service_healthy"}
            assert "healthcheck" in SERVICES[name]


def test_each_named_volume_is_declared():
    used = {mount.split(":")[0] for service in SERVICES.values() for mount in service["volumes"]}
    assert used == set(COMPOSE["volumes"])


def test_the_scoring_service_serves_with_options_that_its_program_knows():
    listed = words("scoring")
    assert listed[:3] == ["python", "-m", "mlcycle_site.scoring"]
    assert {word for word in listed if word.startswith("--")} <= scoring_options()
    assert f":{option('scoring', '--port')}" in SERVICES["scoring"]["ports"][0]


def test_only_pages_and_predictions_are_published_and_only_on_this_machine():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert list(published) == ["web", "scoring"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_the_image_runs_as_a_user_without_rights_from_two_stages():
    assert DOCKERFILE.count("\nFROM ") + DOCKERFILE.startswith("FROM ") == 2
    last_user = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)[-1]
    assert last_user not in {"root", "0"}
    assert f"useradd --uid 10001 --create-home {last_user}" in DOCKERFILE
    assert DOCKERFILE.index("USER ") > DOCKERFILE.index("COPY . .")
    assert "--require-hashes" in DOCKERFILE


def test_the_image_gets_every_file_that_the_product_reads():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    assert {"apps", "mlcycle_site", "static", "templates", "manage.py"} <= allowed
    assert all((ROOT / name).exists() for name in allowed)
    assert {"pyproject.toml", "requirements.lock"} <= allowed
