"""Joins that are changed, moved, switched off, taken out and put back; and newer versions."""

import pandas as pd

from apps.datasets import actions
from apps.datasets.joins import consolidate_page
from apps.datasets.models import Join, JoinResult
from apps.datasets.queries import shape_so_far
from tests.datasets.conftest import PAYMENTS


def test_a_join_is_taken_out_changed_and_put_back_and_nothing_is_lost(
    client, at, based, opened, look, join_by
):
    join = join_by(based[0])
    client.post(at("change_join", join.pk), {"does": "out"})
    assert shape_so_far(opened).names == tuple(PAYMENTS.columns)
    assert "Put back" in client.get(at("consolidate")).content.decode()
    client.post(at("change_join", join.pk), {"does": "back"})
    assert "kind" in shape_so_far(opened).names

    preview = look(based[0], join=join, kind="semi", left0="terminal", right0="terminal")
    assert preview.report["rows_after"] == 6
    client.post(at("apply_preview", preview.pk) + f"?join={join.pk}")
    changed = Join.objects.get(removed_at=None)
    assert (changed.kind, changed.replaces, changed.position) == ("semi", join, join.position)
    client.post(at("change_join", join.pk), {"does": "back"})
    assert Join.objects.get(removed_at=None) == join
    client.post(at("change_join", changed.pk), {"does": "back"})
    assert Join.objects.get(removed_at=None) == changed
    verbs = opened.project.events.filter(verb__startswith="data.join").values_list(
        "verb", flat=True
    )
    assert list(verbs) == [
        "data.joined",
        "data.join_removed",
        "data.join_restored",
        "data.join_changed",
        "data.join_restored",
        "data.join_restored",
    ]


def test_a_join_is_moved_and_switched_off_and_what_rests_on_it_says_so(
    client, at, based, bring, opened, join_by
):
    first = join_by(based[0])
    kinds = join_by(bring("kinds", pd.DataFrame({"kind": ["shop", "web"], "fee": [1, 2]})))
    assert client.post(at("change_join", first.pk), {"does": "off"}).status_code == 302
    page = client.get(at("consolidate")).content.decode()
    assert "switched off" in page
    assert "There is no column named &#x27;kind&#x27; in the table so far" in page
    client.post(at("change_join", first.pk), {"does": "on"})
    client.post(at("change_join", kinds.pk), {"does": "up"})
    assert [line.says for line in consolidate_page(opened).lines] == [
        "does not apply",
        "does not apply",
    ]
    client.post(at("change_join", kinds.pk), {"does": "down"})
    assert not consolidate_page(opened).problem


def test_a_newer_version_is_held_against_each_join_and_the_old_figure_stands_beside(
    client, at, based, opened, analyst, tmp_path, jobs, join_by
):
    join_by(based[0])
    with jobs():
        client.post(at("compute_joins"))
    (line,) = consolidate_page(opened).lines
    assert (line.says, line.before) == ("applies", None)
    content = pd.DataFrame({"terminal": [1], "kind": ["shop"]}).to_csv(index=False).encode()
    path = tmp_path / "newer.csv"
    path.write_bytes(content)
    with jobs():
        actions.add_version(source=based[0], cycle=opened, path=path, filename="t.csv", by=analyst)
    (line,) = consolidate_page(opened).lines
    assert (line.says, line.before.report["match_rate"]) == ("applies, not computed yet", 0.75)
    with jobs():
        client.post(at("compute_joins"))
    (line,) = consolidate_page(opened).lines
    assert (line.result.report["match_rate"], line.before.report["match_rate"]) == (0.25, 0.75)
    assert JoinResult.objects.count() == 2


def test_the_picture_and_its_table_tell_sizes_and_hashes(client, at, based, opened, jobs, join_by):
    join_by(based[0])
    with jobs():
        client.post(at("build"))
    page = client.get(at("consolidate")).content.decode()
    result = JoinResult.objects.get()
    for says in ("<svg", "8 × 4", "3 × 2", "8 × 5", result.parquet[:8], "The same as a table"):
        assert says in page
    assert "style=" not in page.partition('<svg class="join-graph"')[2].partition("</svg>")[0]
