"""Values of columns that the plan marks as sensitive are on no page and in no JSON."""

import io
from itertools import combinations
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest

from apps.datasets import actions as data
from apps.eda.actions import start_profile
from apps.eda.queries import current_profile, result_of
from apps.eda.urls import urlpatterns
from apps.planning.models import Draft
from apps.planning.queries import sensitive_columns
from apps.projects.stages import Stage
from tests import builders

pytestmark = pytest.mark.once
FAITHS = ["zoroastrian", "jain-faith", "shinto-faith"]
HIDDEN = [*FAITHS, "73119", "1931-07-"]
"""What stands only in sensitive columns: texts, an income, months of birth."""


def people_csv() -> bytes:
    rng = np.random.default_rng(8)
    rows = 240
    faith = rng.choice(FAITHS, rows, p=[0.6, 0.38, 0.02])
    frame = pd.DataFrame(
        {
            "faith": np.where(rng.random(rows) < 0.02, None, faith),
            "income": 73119 + rng.integers(0, 5, rows),
            "born": pd.to_datetime("1931-07-03") + pd.to_timedelta(rng.integers(0, 25, rows), "D"),
            "visits": rng.integers(0, 40, rows),
            "note": np.where(rng.random(rows) < 0.3, None, rng.choice(["a", "b"], rows)),
            "diagnosis": rng.choice(["malignant", "benign"], rows),
        }
    )
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False)
    return buffer.getvalue().encode()


@pytest.fixture
def people(cycle, analyst, pass_gate, run_jobs, tmp_path):
    columns = [
        {"name": name, "meaning": "x", "source": "y", "known": "at", "sensitive": True}
        for name in ("faith", "income", "born")
    ]
    builders.make_plan(cycle, analyst, features={"columns": columns})
    pass_gate(cycle, Stage.PLAN)
    with run_jobs():
        version = builders.upload(cycle, analyst, people_csv(), tmp_path=tmp_path)
    data.set_base(cycle=cycle, source=version.source, by=analyst)
    with run_jobs():
        data.build_table(cycle=cycle, by=analyst)
    with run_jobs():
        start_profile(cycle=cycle, by=analyst)
    return cycle


def addresses(at, count):
    """Every address of the room that is read, with every column, pair and chart."""
    places = range(1, count + 1)
    pages = ("overview", "relations", "leaks", "missing", "time", "rows", "views", "chart")
    yield from map(at, (*pages, "target"))
    yield from (at("matrix", measure) for measure in ("rank", "linear", "mutual"))
    yield from (at("missing_figure", name) for name in ("patterns", "effects"))
    for place in places:
        yield at("column", place)
        figures = ("distribution", "relation", "stability")
        yield from (at("column_figure", place, name) for name in figures)
        yield f"{at('column', place)}?scale=log"
        yield f"{at('column_figure', place, 'distribution')}?scale=log"
    for one, other in combinations(places, 2):
        yield at("pair", one, other)
        yield f"{at('pair_figure', one, other)}?third=1"
    yield f"{at('choose_pair')}?a=1&b=4"
    for name in ("faith", "income", "born"):
        yield f"{at('compare')}?by={name}"
        yield f"{at('chart')}?x=visits&kind=scatter&y={name}"
        yield f"{at('chart_figure')}?x={name}&facet=diagnosis"
        yield f"{at('chart_figure')}?x=visits&colour={name}"
    yield f"{at('compare')}?by=diagnosis"
    yield from (at("sealed"), at("sealed_figure"))
    yield from (at("time_figure", 1, name) for name in ("rows", "target", "drift", "season-1"))


READ_BY_THE_WALK = {
    *("overview", "relations", "leaks", "missing", "time", "matrix", "missing_figure", "column"),
    *("column_figure", "pair", "pair_figure", "choose_pair", "time_figure"),
    *("rows", "views", "chart", "chart_figure", "target", "compare"),
    *("sealed", "sealed_figure"),
}
ONLY_POSTED = {
    *("profile", "work_out", "raise_finding", "answer_finding"),
    *("name_view", "pin_view", "remove_view", "look_at_sealed"),
}


WIDE = f"slice={quote('["between","visits","3","35"]')}"


def with_slices(addresses):
    """Each address as it is, and for a part of the rows."""
    for address in addresses:
        yield address
        yield f"{address}{'&' if '?' in address else '?'}{WIDE}"


def test_the_walk_knows_every_address_of_the_room():
    assert {pattern.name for pattern in urlpatterns} == READ_BY_THE_WALK | ONLY_POSTED


def test_no_value_of_a_sensitive_column_is_on_any_page_or_in_any_chart(client, analyst, people, at):
    assert sensitive_columns(people) == {"faith", "income", "born"}
    client.force_login(analyst)
    read = 0
    for address in with_slices(addresses(at, 6)):
        answer = client.get(address)
        assert answer.status_code in {200, 404, 409}, address
        read += answer.status_code == 200
        shown = answer.content.decode()
        assert not [value for value in HIDDEN if value in shown], address
    assert read > 70


def test_groups_of_a_sensitive_column_have_no_name_and_at_least_ten_rows(people):
    columns = {column["name"]: column for column in result_of(current_profile(people))["columns"]}
    relation = columns["faith"]["relation"]
    assert relation["labels"] == ["group 1", "group 2"]
    assert min(relation["rows"]) >= 10
    assert "top" not in columns["faith"]
    assert "minimum" not in columns["income"]
    assert columns["visits"]["minimum"] == 0


def test_a_mark_in_the_draft_counts_before_it_is_signed(client, analyst, people, at):
    draft = Draft.objects.get(cycle=people)
    draft.content["features"]["columns"].append({"name": "note", "sensitive": True})
    draft.save()
    assert "note" in sensitive_columns(people)
    client.force_login(analyst)
    assert client.get(at("column_figure", 5, "distribution")).status_code == 404
