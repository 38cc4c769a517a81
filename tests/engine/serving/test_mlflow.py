"""``mlflow.pyfunc.load_model`` takes the folder of a bundle, in an environment of its own.

The environment is made once under ``var/`` (some ten seconds) from whatever packages are offered.
"""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from apps.engine.serving.take_home import predict
from apps.engine.types import Problem
from tests.engine.serving.test_take_home import as_sent, bundle

pytestmark = pytest.mark.scale  # it installs some 40 packages

ENVIRONMENT = Path(__file__).resolve().parents[3] / "var" / "mlflow"
ASK = """
import json, sys
import mlflow.pyfunc, pandas
rows = json.load(open(sys.argv[2]))
model = mlflow.pyfunc.load_model(sys.argv[1])
both = [model.predict(pandas.DataFrame(rows)), model.predict(rows)]
assert not {"django", "apps", "pyarrow"} & set(sys.modules)
json.dump(both, open(sys.argv[3], "w"))
"""


@pytest.fixture(scope="module")
def python() -> Path:
    """Python of an environment with mlflow-skinny, pandas, scikit-learn and skops only."""
    made = ENVIRONMENT / "bin" / "python"
    mark = ENVIRONMENT / "complete"
    if not mark.exists():
        needs = [f"scikit-learn=={version('scikit-learn')}", f"skops=={version('skops')}"]
        create = [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)]
        install = [str(made), "-m", "pip", "install", "-q", "mlflow-skinny>=3", "pandas", *needs]
        for command in (create, install):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"mlflow-skinny cannot be installed here: {done.stderr[-200:]}")
        mark.touch()
    return made


@pytest.mark.parametrize(
    ("candidate", "problem", "level"),
    [
        ("linear", Problem.BINARY, None),
        ("forest", Problem.REGRESSION, None),
        ("linear", Problem.REGRESSION, 0.9),
        ("chain", Problem.MULTILABEL, None),
    ],
)
def test_mlflow_loads_the_folder_and_it_answers_equally(
    python, candidate, problem, level, tmp_path
):
    half = {"step": "derive_column", "params": {"to": "half", "expression": "distance / 2"}}
    out, scorer, rows = bundle(tmp_path, candidate, problem, level=level, more=[half])
    (tmp_path / "rows.json").write_text(json.dumps(as_sent(rows[:40])))
    command = [str(python), "-c", ASK, str(out), "rows.json", "told.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    expected, _ = scorer.by_pipeline(rows[:40])
    for told in json.loads((tmp_path / "told.json").read_text()):
        assert predict.largest_difference(told, expected) <= 1e-12
