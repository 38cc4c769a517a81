"""What is kept of a trial lies in the file store: whole or not at all, and never mixed."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.engine.training.kept import Kept
from apps.modeling import kept_folds
from apps.modeling.kept_folds import KeptFolds
from apps.modeling.models import Trial

pytestmark = pytest.mark.once


@pytest.fixture
def trial(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    }
    return Trial(pk=7)


def laid_out(trial, folder):
    KeptFolds(trial).fetch(folder)
    return {
        file.relative_to(folder).as_posix(): file.read_text()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_another_worker_finds_what_was_kept_last(trial, tmp_path):
    mine, folder = KeptFolds(trial), tmp_path / "mine"
    kept = Kept(str(folder / "search"), {"seed": 1})
    kept.write("found", 1)
    mine.sync(folder)
    kept.write("found", [2, 3])
    mine.sync(folder)
    assert laid_out(trial, tmp_path / "other")["search/found.json"] == "[2, 3]"
    again = Kept(str(tmp_path / "other" / "search"), {"seed": 1})
    assert again.read("found") == [2, 3]


def test_what_was_kept_of_other_settings_is_gone_from_the_store_too(trial, tmp_path):
    mine, folder = KeptFolds(trial), tmp_path / "mine"
    Kept(str(folder), {"seed": 1}).write("fold-0", {})
    mine.sync(folder)
    other = KeptFolds(trial)
    other.fetch(tmp_path / "other")
    Kept(str(tmp_path / "other"), {"seed": 2})
    other.sync(tmp_path / "other")
    assert set(laid_out(trial, tmp_path / "third")) == {"about"}


def test_a_copy_that_was_cut_short_is_left_out_and_removed(trial, tmp_path):
    name = f"kept/trial-7/fold-0.json~{'a' * 64}"
    default_storage.save(name, ContentFile(b"{"))
    assert laid_out(trial, tmp_path / "other") == {}
    assert not default_storage.exists(name)


@pytest.mark.django_db
def test_what_belongs_to_no_trial_is_swept(trial, tmp_path):
    (tmp_path / "fold-0.json").write_text("{}")
    KeptFolds(trial).sync(tmp_path)
    kept_folds.sweep()
    assert laid_out(trial, tmp_path / "other") == {}
