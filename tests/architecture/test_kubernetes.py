"""The manifests, read: no cluster is needed to see that they fit the product and each other."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from celery.bin.celery import celery as celery_command
from django.core.management import get_commands
from django.urls import resolve

from apps.jobs.models import Queue
from tests.architecture.test_compose import DOCKERFILE, ENV_NAMES, SERVICES, words

pytestmark = pytest.mark.once  # files of the project

FOLDER = Path(__file__).resolve().parents[2] / "mlcycle_site" / "kubernetes"
API_OF = {
    "ConfigMap": "v1",
    "Deployment": "apps/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "Ingress": "networking.k8s.io/v1",
    "Kustomization": "kustomize.config.k8s.io/v1beta1",
    "Namespace": "v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "PersistentVolumeClaim": "v1",
    "PodDisruptionBudget": "policy/v1",
    "Service": "v1",
}
SECRETS = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "MLCYCLE_LEDGER_KEY"}
OBJECTS: list[dict[str, Any]] = [
    told for file in sorted(FOLDER.glob("*.yaml")) for told in yaml.safe_load_all(file.read_text())
]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {told["metadata"]["name"]: told for told in OBJECTS if told["kind"] == kind}


DEPLOYMENTS = of_kind("Deployment")
PODS = {name: told["spec"]["template"]["spec"] for name, told in DEPLOYMENTS.items()}
CONTAINERS = {
    f"{name}/{container['name']}": container
    for name, pod in PODS.items()
    for container in [*pod.get("initContainers", []), *pod["containers"]]
}
SETTINGS = of_kind("ConfigMap")["mlcycle"]["data"]


def test_every_object_has_the_version_of_its_kind_a_name_and_the_namespace():
    for told in OBJECTS:
        assert told["apiVersion"] == API_OF[told["kind"]]
        if told["kind"] != "Kustomization":
            assert re.fullmatch(r"[a-z0-9-]{1,63}", told["metadata"]["name"])
        if told["kind"] not in {"Kustomization", "Namespace"}:
            assert told["metadata"]["namespace"] == "mlcycle"
    names = [(told["kind"], told.get("metadata", {}).get("name")) for told in OBJECTS]
    assert len(names) == len(set(names))


def test_kustomize_takes_every_file():
    [told] = [each for each in OBJECTS if each["kind"] == "Kustomization"]
    files = {file.name for file in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(told["resources"]) == files
    tag = {container["image"] for container in CONTAINERS.values()}
    assert tag == {f"mlcycle:{told['images'][0]['newTag']}"}


def test_the_parts_are_those_of_compose():
    ours = {name for name, service in SERVICES.items() if service["image"] == "mlcycle"}
    assert set(DEPLOYMENTS) == ours


@pytest.mark.parametrize("name", sorted(set(DEPLOYMENTS) - {"web", "scoring"}))
def test_a_worker_runs_what_compose_runs(name: str):
    command = CONTAINERS[f"{name}/{name}"]["command"]
    assert command == words(name)
    assert command[3] in celery_command.commands


def test_web_and_scoring_serve_as_compose_does_after_the_database_is_prepared():
    assert CONTAINERS["web/prepare"]["command"] == ["python", "manage.py", "prepare"]
    assert "prepare" in get_commands()
    assert CONTAINERS["web/web"]["command"] == words("web")[5:]
    assert CONTAINERS["scoring/scoring"]["command"] == words("scoring")


def test_every_queue_has_a_worker_and_there_is_one_scheduler_at_a_time():
    listened = [
        queue
        for name in ("worker", "watcher")
        for queue in PODS[name]["containers"][0]["command"][
            PODS[name]["containers"][0]["command"].index("-Q") + 1
        ].split(",")
    ]
    assert sorted(listened) == sorted(Queue.values)
    beat = DEPLOYMENTS["beat"]["spec"]
    assert (beat["replicas"], beat["strategy"]["type"]) == (1, "Recreate")


def test_every_variable_is_a_setting_and_secrets_are_only_referred_to():
    assert set(SETTINGS) <= ENV_NAMES
    assert not set(SETTINGS) & SECRETS
    assert all(isinstance(value, str) for value in SETTINGS.values())
    assert SECRETS <= ENV_NAMES
    readme = (FOLDER / "README.md").read_text()
    assert all(f"`{name}`" in readme for name in SECRETS)
    assert "Secret" not in {told["kind"] for told in OBJECTS}
    for container in CONTAINERS.values():
        assert container["envFrom"] == [
            {"configMapRef": {"name": "mlcycle"}},
            {"secretRef": {"name": "mlcycle"}},
        ]
        assert "env" not in container


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_a_container_runs_without_rights_within_limits(name: str):
    container, pod = CONTAINERS[name], PODS[name.partition("/")[0]]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert f"useradd --uid {pod['securityContext']['runAsUser']} " in DOCKERFILE
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert set(container["resources"]["requests"]) == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert set(mounted) == {volume["name"] for volume in pod["volumes"]}
    assert mounted["data"] == SETTINGS["MLCYCLE_VAR"]


@pytest.mark.parametrize("name", ["web", "scoring"])
def test_probes_ask_addresses_that_there_are_under_a_host_that_is_allowed(name: str):
    container = CONTAINERS[f"{name}/{name}"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    paths = {}
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[kind]["httpGet"]
        paths[kind] = asked["path"]
        resolve(asked["path"])
        assert asked["port"] in ports
        hosts = {header["name"]: header["value"] for header in asked["httpHeaders"]}
        assert hosts["Host"] in SETTINGS["ALLOWED_HOSTS"].split(",")
    assert paths["livenessProbe"] == "/healthz"
    assert paths["readinessProbe"] == "/readyz"
    assert str(ports["http"]) in container["command"]


@pytest.mark.parametrize("name", ["worker", "watcher"])
def test_workers_are_pinged_by_the_name_they_have(name: str):
    [container] = PODS[name]["containers"]
    own = container["command"][container["command"].index("-n") + 1].partition("@")[0]
    assert f"-d {own}@$HOSTNAME" in container["livenessProbe"]["exec"]["command"][2]


def test_selectors_find_their_pods_and_names_that_are_referred_to_exist():
    for name, told in DEPLOYMENTS.items():
        labels = told["spec"]["template"]["metadata"]["labels"]
        assert told["spec"]["selector"]["matchLabels"] == labels
        assert labels["app.kubernetes.io/component"] == name
    claims = set(of_kind("PersistentVolumeClaim"))
    for pod in PODS.values():
        used = [v["persistentVolumeClaim"] for v in pod["volumes"] if "emptyDir" not in v]
        assert {claim["claimName"] for claim in used} <= claims
    for name, told in of_kind("Service").items():
        assert told["spec"]["selector"] == DEPLOYMENTS[name]["spec"]["selector"]["matchLabels"]
        assert told["spec"]["ports"][0]["targetPort"] == "http"
    [scaled] = of_kind("HorizontalPodAutoscaler").values()
    assert scaled["spec"]["scaleTargetRef"]["name"] == "scoring"
    assert scaled["spec"]["minReplicas"] >= 2
    assert "replicas" not in DEPLOYMENTS["scoring"]["spec"], "the autoscaler decides"


def test_predictions_go_to_scoring_and_pages_to_web():
    [told] = of_kind("Ingress").values()
    by_host = {
        rule["host"]: [path["backend"]["service"]["name"] for path in rule["http"]["paths"]]
        for rule in told["spec"]["rules"]
    }
    assert by_host == {"ml.example.org": ["web"], "scoring.ml.example.org": ["scoring"]}
    assert told["spec"]["tls"][0]["hosts"] == list(by_host)
    for setting, host in zip(("MLCYCLE_URL", "MLCYCLE_SCORING_URL"), by_host, strict=True):
        assert SETTINGS[setting] == f"https://{host}"


def test_a_worker_may_use_the_memory_that_its_jobs_may():
    [container] = PODS["worker"]["containers"]
    command = container["command"]
    at_a_time = int(command[command.index("--concurrency") + 1])
    example = (FOLDER.parents[1] / ".env.example").read_text()
    of_one_mb = int(re.findall(r"^MLCYCLE_CHILD_MEMORY_MB=(\d+)", example, re.MULTILINE)[0])
    limit_gb = int(container["resources"]["limits"]["memory"].removesuffix("Gi"))
    assert limit_gb * 1024 > at_a_time * of_one_mb
