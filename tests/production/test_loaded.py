"""Models in memory stay out of the collector's way, and are gone at once when they leave."""

import gc
import weakref

import pytest

from apps.engine.serving.compile_verify import compile_and_verify
from apps.engine.types import Problem
from apps.production.endpoint import loaded
from tests.engine.serving.test_compile import served

pytestmark = pytest.mark.once  # no database at all


@pytest.fixture
def models():
    """None in memory; the test process is as before afterwards."""
    yield loaded.Models()
    gc.unfreeze()


def fresh(candidate):
    """A scorer that nobody else holds, and about its bytes."""
    scorer, rows = served.__wrapped__(candidate, Problem.BINARY)
    compile_and_verify(scorer, rows)
    return scorer, 1


@pytest.mark.parametrize("candidate", ["linear", "forest", "boosting", "lightgbm"])
def test_a_model_that_leaves_is_freed_although_no_collector_looks_at_it(
    models, candidate, monkeypatch
):
    monkeypatch.setattr(loaded, "MOST_MODELS", 1)
    gone = weakref.ref(models.kept("one", lambda: fresh(candidate)).model)
    assert gone() is not None
    assert gc.get_freeze_count() > 0
    models.kept("two", lambda: fresh("linear"))
    assert (len(models), gone()) == (1, None)
