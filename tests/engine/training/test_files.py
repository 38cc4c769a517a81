"""A model file is opened only when its bytes and its classes are the expected ones."""

import hashlib
import pickle
from pathlib import Path

import pytest
from sklearn.linear_model import LogisticRegression
from skops import io as skops_io

from apps.engine.errors import BadModelFile
from apps.engine.training.files import load_model, save_model


class Evil:
    """Writes a canary when it is unpickled or rebuilt."""

    def __init__(self, canary: str) -> None:
        self.canary = canary

    def __reduce__(self):
        return (Path(self.canary).touch, ())

    def __setstate__(self, state):
        Path(state["canary"]).touch()


def sha(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_saved_model_answers_the_same_after_loading(tmp_path):
    model = LogisticRegression().fit([[0.0], [1.0]], ["no", "yes"])
    sha256 = save_model(model, tmp_path / "m.skops")
    assert sha256 == sha(tmp_path / "m.skops")
    loaded = load_model(tmp_path / "m.skops", sha256=sha256)
    assert loaded.predict_proba([[0.3]]).tolist() == model.predict_proba([[0.3]]).tolist()


def test_bytes_that_do_not_match_the_record_are_not_opened(tmp_path):
    save_model(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), tmp_path / "m.skops")
    with pytest.raises(BadModelFile, match="does not match its record"):
        load_model(tmp_path / "m.skops", sha256="0" * 64)


def test_a_pickle_is_refused_and_nothing_in_it_runs(tmp_path):
    canary, file = tmp_path / "canary", tmp_path / "m.skops"
    file.write_bytes(pickle.dumps(Evil(str(canary))))
    with pytest.raises(BadModelFile):
        load_model(file, sha256=sha(file))
    assert not canary.exists()


def test_a_class_that_is_not_on_the_list_is_refused_and_does_not_run(tmp_path):
    canary, file = tmp_path / "canary", tmp_path / "m.skops"
    skops_io.dump({"model": Evil(str(canary))}, file)
    canary.unlink(missing_ok=True)
    with pytest.raises(BadModelFile):
        load_model(file, sha256=sha(file))
    assert not canary.exists()
