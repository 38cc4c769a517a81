"""One step on one small table."""

import pandas as pd
import pytest

from apps.engine.reading.tables import house_types, spec_of
from apps.engine.recipe.registry import step_from
from apps.engine.recipe.run import apply_recipe
from apps.engine.types import silent


@pytest.fixture
def table():
    """``table(a=[1, None], ...)``: a typed frame; whole numbers beside None stay whole."""

    def make(**columns):
        series = {}
        for name, values in columns.items():
            known = [value for value in values if value is not None]
            dtype = {bool: "boolean", int: "Int64", float: "float64", str: "string"}.get(
                type(known[0]) if known else str, "datetime64[us]"
            )
            series[name] = pd.array(values, dtype)
        return house_types(pd.DataFrame(series))

    return make


@pytest.fixture
def done():
    """``done(frame, "step", **params)``: the frame after one step."""

    def run(frame, step, **params):
        return apply_recipe(frame, [{"step": step, "params": params}], report=silent)[0]

    return run


@pytest.fixture
def effect():
    """``effect(frame, "step", **params)``: what one step did."""

    def run(frame, step, **params):
        return apply_recipe(frame, [{"step": step, "params": params}], report=silent)[1][0]

    return run


@pytest.fixture
def checked():
    """``checked(frame, "step", **params)``: the spec after one step."""

    def run(frame, step, **params):
        return step_from({"step": step, "params": params}).check(spec_of(frame))

    return run


@pytest.fixture
def values():
    """``values(series)``: plain values, None where missing."""

    def run(series):
        return series.astype(object).where(series.notna(), None).tolist()

    return run
