"""The manifests against the schemas of Kubernetes itself, without a cluster.

The package with the schemas is 119 MB, so it is no dependency: it goes into an environment of its
own under ``var/``, made once.
"""

import json
import subprocess
import sys

import pytest

from tests.architecture.test_kubernetes import FOLDER, OBJECTS

pytestmark = [pytest.mark.scale, pytest.mark.once]

ENVIRONMENT = FOLDER.parents[1] / "var" / "kubernetes-validate"
ASK = """
import json, sys
import kubernetes_validate
for told in json.load(sys.stdin):
    for version in ("1.31", kubernetes_validate.latest_version()):
        kubernetes_validate.validate(told, version, strict=True)
"""


@pytest.fixture(scope="module")
def python():
    made, mark = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "complete"
    if not mark.exists():
        create = [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)]
        install = [str(made), "-m", "pip", "install", "-q", "kubernetes-validate>=1.37"]
        for command in (create, install):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"kubernetes-validate cannot be installed here: {done.stderr[-200:]}")
        mark.touch()
    return str(made)


def asked(python, objects):
    told = json.dumps([each for each in objects if each["kind"] != "Kustomization"])
    command = [python, "-c", ASK]
    return subprocess.run(command, input=told, capture_output=True, text=True, check=False)


def test_every_object_fits_the_schema_of_its_kind_and_nothing_is_misspelt(python):
    done = asked(python, OBJECTS)
    assert done.returncode == 0, done.stderr[-500:]
    (first, *_) = [told for told in OBJECTS if told["kind"] == "Deployment"]
    wrong = {**first, "spec": {**first["spec"], "replica": 2}}
    assert "replica" in asked(python, [wrong]).stderr
