"""A target is read as the plan says: sets label by label, few whole numbers as a quantity."""

import numpy as np
import pandas as pd
import pytest

from apps.engine.profile.explore import explore_table
from apps.engine.profile.headlines import ranked
from apps.engine.profile.labels import study_labels
from apps.engine.profile.radar import suspects
from apps.engine.profile.strength import auc_interval, strength
from apps.engine.profile.veil import veil_profile
from apps.engine.reading.tables import write_table
from apps.engine.types import silent


def tickets(rows=1_200):
    """Sets of three labels; “hour” tells outages, “gate” all but names them, “noise” nothing."""
    rng = np.random.default_rng(5)
    outage = rng.random(rows) < 0.3
    billing = rng.random(rows) < 0.5
    rare = rng.random(rows) < 0.04
    names = np.array(["outage", "billing", "rare"])
    held = np.column_stack([outage, billing, rare])
    tags = ["|".join(names[row]) or "(none)" for row in held]
    return pd.DataFrame(
        {
            "hour": rng.normal(size=rows) + outage,
            "gate": np.where(outage, "down", "up"),
            "log": np.where(rare & (rng.random(rows) < 0.9), "x", None),
            "noise": rng.normal(size=rows),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(rows) % 300, "D"),
            "tags": tags,
        }
    )


@pytest.fixture
def explored(tmp_path):
    def made(frame, target, reading):
        texts = {name: "string" for name in frame if frame[name].dtype.kind == "O"}
        write_table(frame.astype(texts), tmp_path / "table.parquet")
        path = str(tmp_path / "table.parquet")
        return explore_table(table=path, target=target, reading=reading, report=silent)

    return made


@pytest.mark.parametrize("reading", ["sets", "sets |"])
def test_a_set_is_told_label_by_label(explored, reading):
    frame = tickets()
    told = explored(frame, "tags", reading)
    target = told["profile"]["target"]
    held = frame["tags"].str.split("|").explode().value_counts().drop("(none)")
    assert {one["value"]: one["rows"] for one in target["labels"]} == held.to_dict()
    assert target["size"] == pytest.approx(held.sum() / len(frame))
    assert (target["kind"], target["rarest"]["value"]) == ("labels", "rare")
    columns = {one["name"]: one for one in told["profile"]["columns"]}
    relation = columns["hour"]["relation"]
    assert [one["name"] for one in relation["series"]] == ["billing", "outage", "rare"]
    assert relation["of"] == "outage"
    outage = frame["tags"].str.contains("outage")
    by_hand = frame["hour"].rank()[outage].sum()
    hits, others = int(outage.sum()), int((~outage).sum())
    auc = (by_hand - hits * (hits + 1) / 2) / (hits * others)
    assert relation["auc"] == pytest.approx(auc)
    interval = strength(relation, kind="number")["auc"]
    assert interval == pytest.approx(auc_interval(auc, positives=hits, negatives=others))


def test_what_gives_one_label_away_is_found_and_the_rare_label_is_told(explored):
    told = explored(tickets(), "tags", "sets |")
    profile, study = told["profile"], told["study"]
    found = suspects(profile, study)
    assert {("power", "gate"), ("gap", "log")} <= {(one["key"], one["column"]) for one in found}
    first = ranked(profile, study, suspects=found)
    (balance,) = [one for one in first if one["key"] == "balance"]
    assert "of 3 labels on average" in balance["says"]
    assert (balance["severity"], "“rare” in" in balance["says"]) == ("medium", True)
    (driver,) = [one for one in first if one["key"] == "driver"]
    assert driver["says"].startswith("“tags” holds “outage” in")
    assert not any(one["column"] == "noise" for one in first)
    assert study["time"][0]["target"]["of"] == "billing"


def test_labels_of_a_sensitive_target_have_no_names(explored):
    told = explored(tickets(), "tags", "sets |")
    veiled = repr(veil_profile(told["profile"], sensitive={"tags"}))
    assert not any(name in veiled for name in ("outage", "billing", "'rare'"))


def test_equal_rows_are_compared_by_their_whole_sets(tmp_path):
    frame = pd.DataFrame({"a": [1, 1, 2, 2], "tags": ["x|y", "y|x", "x", "x|y"]})
    write_table(frame.astype({"tags": "string"}), tmp_path / "table.parquet")
    asked = {"where": [], "without": [], "ignored": [], "later": [], "target": "tags"}
    told = study_labels(
        tables=[str(tmp_path / "table.parquet")], report=silent, reading="sets |", **asked
    )
    assert told["twins"]["conflicting"] == 2


def test_what_is_no_set_says_why(explored):
    frame = pd.DataFrame({"a": np.arange(30.0), "tags": ["alone"] * 29 + ["alone; alone"]})
    target = explored(frame, "tags", "sets")["profile"]["target"]
    assert "at least two are needed" in target["unusable"]


def test_few_whole_numbers_are_a_quantity_where_the_plan_promises_one(explored):
    rng = np.random.default_rng(6)
    stars = rng.integers(1, 6, 500)
    frame = pd.DataFrame({"x": stars + rng.normal(size=500), "stars": stars})
    assert explored(frame, "stars", "")["profile"]["target"]["kind"] == "classes"
    told = explored(frame, "stars", "quantity")["profile"]
    assert (told["target"]["kind"], told["target"]["rarest"]) == ("numbers", None)
    assert told["columns"][0]["relation"]["effect"]["name"] == "spearman"
