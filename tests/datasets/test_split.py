"""Drawing the split: the test is sealed, counted, and never drawn again once it was opened."""

import pytest

from apps.datasets import actions, storage, vault
from apps.datasets.models import Split
from apps.datasets.queries import current_split, data_subject
from apps.engine.reading.tables import read_table
from apps.jobs.models import JobState
from apps.web.refusals import Refusal


def test_a_split_is_drawn_as_advised_and_as_the_plan_says(client, at, table, opened, jobs):
    page = client.get(at("split"))
    assert page.context["form"].initial["method"] == "stratified"
    assert "Advice: stratified." in page.content.decode()
    with jobs():
        client.post(at("split"), {"method": "stratified", "folds": 3, "seed": 7})
    split = current_split(opened)
    assert (split.target, split.test_share, split.seed) == ("diagnosis", 0.3, 7)
    assert split.report["development_rows"] + split.report["test_rows"] == 569
    page = client.get(at("split")).content.decode()
    assert "test rows, sealed" in page
    assert "malignant" in page
    chart = client.get(at("split_chart")).json()
    assert [row[0] for row in chart["table"]["rows"]] == ["Fold 1", "Fold 2", "Fold 3"]
    assert {row[3] for row in chart["table"]["rows"]} == {split.report["test_rows"]}


def test_the_plain_test_rows_are_nowhere_and_the_sealed_ones_open_with_the_key(
    sealed, tmp_path, settings
):
    scratch = list((settings.VAR / "tmp").glob("scratch-*"))
    assert not [path for folder in scratch for path in folder.rglob("test.parquet")]
    assert b"PAR1" not in storage.local(sealed.sealed_test).read_bytes()[:4]
    vault.unseal(sealed.sealed_test, to=tmp_path / "test.parquet")
    test = read_table(tmp_path / "test.parquet")
    development = read_table(storage.local(sealed.development))
    assert len(test) == sealed.report["test_rows"]
    assert len(test.merge(development)) == 0
    settings.LEDGER_KEYS = ["another key"]
    with pytest.raises(storage.FileBroken, match="ledger key"):
        vault.unseal(sealed.sealed_test, to=tmp_path / "again.parquet")


def test_raw_development_rows_are_the_same_rows_before_the_recipe(
    opened, analyst, jobs, table, client
):
    actions.add_step(
        cycle=opened,
        step="filter_rows",
        params={"column": "mean radius", "operator": "is more than", "value": "12"},
        by=analyst,
    )
    actions.add_step(
        cycle=opened, step="rename_column", params={"column": "desk", "to": "room"}, by=analyst
    )
    with jobs():
        actions.build_table(cycle=opened, by=analyst)
    with jobs():
        actions.draw_split(cycle=opened, method="random", by=analyst, seed=3)
    split = current_split(opened)
    cleaned = read_table(storage.local(split.development))
    raw = read_table(storage.local(split.raw_development))
    assert len(raw) == len(cleaned) == split.report["development_rows"]
    assert raw["desk"].tolist() == cleaned["room"].tolist()
    assert raw["worst area"].tolist() == cleaned["worst area"].tolist()


def test_the_same_choices_draw_the_same_split_once(sealed, opened, analyst, jobs):
    with jobs():
        again = actions.draw_split(cycle=opened, method="stratified", by=analyst, folds=3)
    assert again == sealed
    assert Split.objects.count() == 1


def test_drawing_again_keeps_the_old_split_and_changes_what_the_gate_is_about(
    sealed, opened, analyst, jobs
):
    before = data_subject(opened)
    with jobs():
        actions.draw_split(cycle=opened, method="stratified", by=analyst, folds=3, seed=1)
    assert Split.objects.count() == 2
    assert current_split(opened) != sealed
    assert data_subject(opened) != before


@pytest.fixture
def looked(sealed, opened, analyst, monkeypatch):
    """The sealed test was opened: the only thing of modeling that this room asks about."""

    class Openings:
        def exists(self):
            return True

    monkeypatch.setattr(type(opened), "openings", Openings(), raising=False)
    return sealed


def test_after_an_opening_the_split_is_fixed(client, at, looked, opened, analyst):
    with pytest.raises(Refusal, match="rows are fixed"):
        actions.draw_split(cycle=opened, method="random", by=analyst)
    page = client.get(at("split")).content.decode()
    assert "The sealed test was opened in this cycle" in page
    assert "Draw it again" not in page


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"method": "group", "folds": 3, "seed": 0}, "Choose the group column"),
        ({"method": "time", "folds": 3, "seed": 0}, "Choose the time column"),
        ({"method": "random", "folds": 1, "seed": 0}, "greater than or equal to 2"),
        ({"method": "magic", "folds": 3, "seed": 0}, "magic is not one of"),
    ],
)
def test_choices_that_do_not_fit_are_told_on_the_form(client, at, table, data, says):
    answer = client.post(at("split"), data)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not Split.objects.exists()


def test_a_target_with_one_class_gets_one_sentence(client, at, bring, opened, analyst, jobs):
    only = b"diagnosis,x\n" + b"".join(b"benign,%d\n" % number for number in range(40))
    actions.set_base(cycle=opened, source=bring("one", only), by=analyst)
    with jobs():
        actions.build_table(cycle=opened, by=analyst)
    page = client.get(at("split")).content.decode()
    assert "has 1 different value; a model needs at least two classes" in page
    assert "Draw and seal" not in page
    with jobs():
        client.post(at("split"), {"method": "random", "folds": 3, "seed": 0})
    split = Split.objects.select_related("job").get()
    assert split.job.state == JobState.FAILED
    assert "at least two classes" in split.job.problem
    assert current_split(opened) is None


def test_without_a_table_there_is_nothing_to_split(client, at, opened):
    assert "Build the table first" in client.get(at("split")).content.decode()
    answer = client.post(at("split"), {"method": "random", "folds": 3, "seed": 0})
    assert answer.status_code == 409
    assert "Build the table first" in answer.content.decode()
    assert client.get(at("split_chart")).status_code == 404


def test_a_viewer_sees_the_split_and_cannot_draw(client, at, sealed, viewer):
    client.force_login(viewer)
    assert "Draw it again" not in client.get(at("split")).content.decode()
    assert client.post(at("split"), {"method": "random"}).status_code == 403


def test_sealed_rows_never_stand_in_the_grid(client, at, sealed, tmp_path):
    vault.unseal(sealed.sealed_test, to=tmp_path / "test.parquet")
    hidden = {f"{value:.10g}" for value in read_table(tmp_path / "test.parquet")["worst area"]}
    development = read_table(storage.local(sealed.development))["worst area"]
    only_hidden = hidden - {f"{value:.10g}" for value in development}
    assert len(only_hidden) > 100
    shown = set()
    for number in range(1, 9):
        page = client.get(at("table"), {"page": number})
        place = [column.name for column in page.context["grid"].columns].index("worst area")
        shown |= {cells[place][0] for _, cells in page.context["grid"].rows}
    assert len(shown) > 300
    assert not shown & only_hidden
    assert "development rows only" in page.content.decode()
