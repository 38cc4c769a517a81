"""Each attack finds what was planted for it, and leaves a clean table alone."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import KFold

from apps.engine.errors import Stopped
from apps.engine.reading.tables import house_types, spec_of
from apps.engine.training.adversary import bench as benches
from apps.engine.training.adversary.bench import Bench, cheaper, goodness, sampled
from apps.engine.training.adversary.conditions import forward_in_time, noisy_features, seed_lottery
from apps.engine.training.adversary.learning import learning_curve
from apps.engine.training.adversary.shortcuts import gaps_only, ids_only, one_at_a_time
from apps.engine.training.adversary.shuffled import shuffled_target
from apps.engine.training.adversary.suite import ATTACKS, STEPS, run_suite
from apps.engine.training.adversary.twins import near_duplicates
from apps.engine.training.frame import model_frame
from apps.engine.training.rows import Rows, class_names
from apps.engine.training.task import Task
from apps.engine.types import Problem
from tests.engine.training.drawing import drawn_split

ROWS = 360


def clean(*, seed=0, rows=ROWS):
    """Three numbers, two of which tell something of the outcome; in no order, without a gap."""
    draws = np.random.default_rng(seed)
    frame = pd.DataFrame(draws.normal(size=(rows, 3)), columns=["a", "b", "c"])
    odds = frame["a"] + frame["b"] + draws.normal(size=rows)
    return frame.assign(target=np.where(odds > 0.5, "yes", "no"))


def bench_of(frame, *, candidate="linear", features=None, time="", method="random", params=None):
    table = house_types(frame)
    wanted = features or [name for name in table.columns if name != "target"]
    spec = [column for column in spec_of(table).columns if column.name in wanted]
    task = Task(
        candidate,
        [{"name": column.name, "kind": column.kind.value} for column in spec],
        Problem.BINARY,
        "yes",
        0,
        params,
    )
    rows = Rows(model_frame(table, spec), class_names(table["target"]), table)
    folds = list(KFold(3, shuffle=True, random_state=0).split(table))
    return Bench(task, rows, folds, rows, folds, "target", time, method, lambda says: None)


def test_a_shuffled_target_does_not_learn_on_a_clean_table():
    bench = bench_of(clean())
    assert bench.whole > 0.8
    line = shuffled_target(bench)
    assert line.outcome == "pass"
    assert line.number == pytest.approx(0.5, abs=0.06)


def test_a_shuffled_target_that_is_learnt_blocks(monkeypatch):
    """A pipeline that is fitted on the rows it is judged on: the mistake the attack is for."""
    bench = bench_of(clean(), candidate="lightgbm", params={"n_estimators": 30})
    honest = Task.fit
    monkeypatch.setattr(
        Task, "fit", lambda task, rows, train: honest(task, rows, np.arange(len(rows.target)))
    )
    line = shuffled_target(bench)
    assert line.outcome == "block"
    assert line.number > 0.6
    assert "none of its scores can be trusted" in line.says


def test_a_leaking_feature_is_named_when_each_is_tried_alone():
    frame = clean()
    leak = (frame["target"] == "yes") + np.random.default_rng(1).normal(scale=0.1, size=ROWS)
    line = one_at_a_time(bench_of(frame.assign(refund=leak)))
    assert line.outcome == "warn"
    assert "“refund” alone reaches" in line.says
    assert line.facts["best"][0]["feature"] == "refund"
    assert one_at_a_time(bench_of(frame)).outcome == "pass"


def test_a_file_that_is_sorted_by_its_outcome_is_told_by_row_numbers():
    frame = clean()
    assert ids_only(bench_of(frame)).outcome == "pass"
    line = ids_only(bench_of(frame.sort_values("target", ignore_index=True)))
    assert (line.outcome, line.number > 0.95) == ("warn", True)


def test_an_id_given_by_outcome_is_told_though_the_candidate_does_not_use_it():
    frame = clean()
    order = np.argsort(np.argsort(frame["target"].to_numpy(), kind="stable"))
    with_id = frame.assign(case=[f"case {number:04}" for number in order])
    line = ids_only(bench_of(with_id, features=["a", "b", "c"]))
    assert line.outcome == "warn"
    assert line.facts["columns"] == ["row number", "case"]


def test_gaps_that_tell_the_outcome_are_weighed():
    frame = clean()
    assert gaps_only(bench_of(frame)).outcome == "skip"
    chance = np.random.default_rng(2).random(ROWS)
    told = frame.assign(c=frame["c"].mask((frame["target"] == "yes") & (chance < 0.8)))
    assert gaps_only(bench_of(told)).outcome == "warn"
    anywhere = frame.assign(c=frame["c"].mask(chance < 0.3))
    assert gaps_only(bench_of(anywhere)).outcome == "pass"


def repeated_customers():
    """Each customer four times with the same outcome, which nothing but the id tells."""
    draws = np.random.default_rng(3)
    customers = np.repeat([f"customer {number}" for number in range(ROWS // 4)], 4)
    target = np.repeat(np.where(draws.random(ROWS // 4) < 0.5, "yes", "no"), 4)
    frame = pd.DataFrame({"customer": customers, "a": draws.normal(size=ROWS), "target": target})
    return frame.sample(frac=1, random_state=0, ignore_index=True)


def test_duplicated_ids_that_leak_make_the_score_drop_once_they_are_kept_apart():
    line = near_duplicates(bench_of(repeated_customers()))
    assert line.outcome == "warn"
    assert line.facts["fall"] > 0.2
    assert line.number == pytest.approx(0.5, abs=0.12)


def test_copied_rows_that_tell_nothing_new_do_no_harm():
    frame = clean(rows=300)
    line = near_duplicates(bench_of(pd.concat([frame, frame.iloc[:60]], ignore_index=True)))
    assert line.outcome == "pass"
    assert 0.05 < line.facts["share"] < 0.4
    assert near_duplicates(bench_of(frame)).outcome == "skip"


def test_a_relation_that_turns_in_time_is_seen_only_forward():
    frame, day = clean(), pd.Timestamp("2025-01-01") + pd.to_timedelta(np.arange(ROWS), unit="D")
    late = np.arange(ROWS) > 0.55 * ROWS
    turned = frame.assign(a=frame["a"].where(~late, -frame["a"]), b=frame["b"].where(~late, 0.0))
    features = ["a", "b", "c"]
    line = forward_in_time(bench_of(turned.assign(day=day), features=features))
    assert (line.outcome, line.facts["date"]) == ("warn", "day")
    steady = bench_of(frame.assign(day=day), features=features, time="day")
    assert forward_in_time(steady).outcome == "pass"
    assert forward_in_time(bench_of(frame)).outcome == "skip"
    assert "already" in forward_in_time(bench_of(frame, method="time")).says


def test_a_model_that_hangs_on_decimals_falls_under_noise():
    draws = np.random.default_rng(4)
    whole = draws.integers(0, 50, size=ROWS)
    sign = draws.random(ROWS) < 0.5
    frame = pd.DataFrame({"a": whole + 0.4 * sign, "target": np.where(sign, "yes", "no")})
    deep = {"n_estimators": 60, "min_child_samples": 1, "num_leaves": 200, "max_bin": 255}
    line = noisy_features(bench_of(frame.assign(b=0.0), candidate="lightgbm", params=deep))
    assert line.outcome == "warn"
    assert noisy_features(bench_of(clean())).outcome == "pass"


def test_few_rows_of_pure_noise_lose_the_lottery_and_a_sound_table_does_not():
    noise = clean(seed=1, rows=90).assign(target=np.where(np.arange(90) % 2 == 0, "yes", "no"))
    assert seed_lottery(bench_of(noise)).outcome == "warn"
    line = seed_lottery(bench_of(clean()))
    assert line.outcome == "pass"
    assert len(line.facts["scores"]) == 10
    assert line.number == pytest.approx(max(line.facts["scores"]) - min(line.facts["scores"]))


def test_the_learning_curve_tells_whether_more_rows_would_help():
    flat = learning_curve(bench_of(clean()))
    assert [round(point["rows"]) for point in flat["points"]] == [24, 60, 120, 240]
    assert not flat["rising"]
    customers = learning_curve(bench_of(repeated_customers()))
    assert customers["rising"]
    assert "more rows would help" in customers["says"]


def test_many_rows_are_sampled_fold_by_fold_and_a_rare_class_is_kept(monkeypatch):
    monkeypatch.setattr(benches, "MOST_ROWS", 100)
    target = np.where(np.arange(ROWS) < 12, "yes", "no")
    whole = bench_of(clean().assign(target=target))
    rows, folds = sampled(whole.rows, whole.folds, problem=Problem.BINARY, seed=0)
    assert len(rows.target) == 100
    assert (rows.target == "yes").sum() == 12  # by lot alone it would be three
    of_row = {value: number for number, value in enumerate(whole.rows.features["a"])}
    for (train, valid), (all_train, all_valid) in zip(folds, whole.folds, strict=True):
        for kept, before in ((train, all_train), (valid, all_valid)):
            assert {of_row[value] for value in rows.features["a"].iloc[kept]} <= set(before)


def test_a_blend_is_attacked_in_its_heaviest_member():
    members = [
        {"candidate": "linear", "params": {"C": 2.0}, "weight": 0.7},
        {"candidate": "forest", "params": {}, "weight": 0.3},
    ]
    task = cheaper(Task("search", [], Problem.BINARY, "yes", 0, {"members": members}))
    assert (task.candidate, task.params) == ("linear", {"C": 2.0})
    assert cheaper(Task("forest", [], Problem.BINARY, "yes", 0)).params == {"n_estimators": 60}


def test_a_fold_of_one_class_has_no_score():
    bench = bench_of(clean())
    of_yes = np.flatnonzero(bench.rows.target == "yes")
    assert np.isnan(bench.judged(bench.fitted[0], bench.rows, of_yes))
    told = benches.predict(
        bench.fitted[0], bench.rows.features, problem=Problem.BINARY, positive="yes"
    )
    whole = goodness(bench.rows.target, told, problem=Problem.BINARY, positive="yes")
    assert 0.5 < whole < 1


def test_the_whole_suite_of_three_classes_is_a_line_each_and_can_be_stopped(tmp_path):
    frame = house_types(load_iris(as_frame=True).frame)
    frame["target"] = ("kind " + frame["target"].astype(str)).astype("string")
    given = drawn_split(tmp_path, frame)
    given |= {"candidate": "linear", "problem": "multiclass", "positive": None}
    told = []
    given["report"] = lambda done, total, says: told.append((done, total, says))
    result = run_suite(**given)
    assert [line["key"] for line in result["lines"]] == [key for key, _, _ in ATTACKS]
    assert result["lines"][0]["outcome"] == "pass"
    assert (result["rows"], result["of"], result["folds"]) == (120, 120, 3)
    assert result["whole"] > 0.95
    assert json.loads(json.dumps(result, allow_nan=False))["learning"]["points"]
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert told[-1][:2] == (STEPS, STEPS)

    def stop(done, total, says):
        if done == 2:
            raise Stopped

    given["report"] = stop
    with pytest.raises(Stopped):
        run_suite(**given)
