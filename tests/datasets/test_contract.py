"""The data contract: drafted, changed, accepted, held against each new table; failing rows."""

import csv
import io
from datetime import timedelta

import pandas as pd
import pytest

from apps.datasets import actions, contract_actions, contracts, versions
from apps.datasets.checks import CHECKS, contributors
from apps.datasets.models import Acceptance, Contract, ContractRun
from apps.datasets.veiling import WITHHELD
from apps.engine.contract.rule import Rule, relation
from apps.planning.classing import classify
from apps.planning.models import ColumnClass
from apps.planning.queries import sensitive_columns
from apps.projects.models import Event, Role
from apps.web.refusals import Refusal

ROWS = 120
FORM = {"severity": "warn"}


def rides(**but) -> pd.DataFrame:
    """casual + registered = cnt; the target is whether it was a busy hour."""
    casual = pd.Series(range(ROWS)) % 40
    registered = (pd.Series(range(ROWS)) * 7) % 90
    return pd.DataFrame(
        {
            "casual": casual,
            "registered": registered,
            "cnt": casual + registered,
            "season": ["fall", "spring"] * (ROWS // 2),
            "diagnosis": ["malignant", "benign", "benign"] * (ROWS // 3),
        }
    ).assign(**but)


@pytest.fixture
def build(opened, analyst, bring, jobs):
    """``build(frame)`` makes the table of one source; again, of a newer version of it."""

    def make(content):
        source = bring("rides", content) if not opened.project.sources.exists() else None
        if source:
            actions.set_base(cycle=opened, source=source, by=analyst)
        with jobs():
            return actions.build_table(cycle=opened, by=analyst)

    return make


@pytest.fixture
def accept(opened, analyst, jobs):
    """``accept(*rules)`` writes a contract of the table and takes it into force, checked."""

    def make(*rules, source=None):
        made = contract_actions.write(
            cycle=opened, source=source, rules=rules, says="by hand", by=analyst
        )
        with jobs():
            contract_actions.accept(contract=made, cycle=opened, by=analyst)
        return made

    return make


def answer(cycle, key):
    return next(check for check in CHECKS if check.key == f"data.{key}").run(cycle)


def test_one_click_drafts_it_and_a_person_accepts_it(build, opened, at, client, jobs):
    build(rides())
    assert client.get(at("contract")).status_code == 200
    with jobs():
        client.post(at("draft_contract"))
    drafted = Contract.objects.get()
    assert "In every row: casual + registered == cnt." in [
        rule.sentence() for rule in drafted.agreed
    ]
    assert contracts.in_force(opened.project, None) is None
    page = client.get(at("contract"))
    form = {
        field.html_name: field.value()
        for rule in page.context["forms"].values()
        for field in rule
        if field.value() not in (None, False)
    }
    with jobs():
        client.post(at("save_contract"), {**form, "seen": "1", "accept": "1"})
    assert contracts.in_force(opened.project, None) == drafted  # nothing was changed
    assert Acceptance.objects.count() == 1
    assert answer(opened, "contract_is_held").state == "pass"
    verbs = list(Event.objects.filter(verb__startswith="data.contract").values_list("verb", flat=1))
    assert sorted(verbs) == [
        "data.contract_accepted",
        "data.contract_checked",
        "data.contract_written",
    ]
    page = client.get(at("contract")).content.decode()
    assert "in force" in page
    assert "each new version and each request" in page


def test_a_rule_is_changed_added_and_taken_out_as_new_versions(build, opened, at, client, accept):
    build(rides())
    accept(Rule("between", ("casual",), low=0.0, high=100.0), Rule("filled", ("cnt",)))
    sent = {"r0-low": "0", "r0-high": "39", "r0-severity": "refuse", "r1-severity": "warn"}
    answer_ = client.post(at("save_contract"), {**sent, "r1-gone": "on", "seen": "1"})
    assert answer_.status_code == 302
    second = contracts.versions_of(opened.project, None)[0]
    assert second.agreed == (Rule("between", ("casual",), "refuse", low=0.0, high=39.0),)
    assert contracts.in_force(opened.project, None).number == 1
    new = {"new-kind": "holds", "new-expression": "casual + registered = cnt", "add": "1"}
    client.post(at("save_contract"), {**new, "new-severity": "refuse", "seen": "2"})
    third = contracts.versions_of(opened.project, None)[0]
    assert third.agreed[1] == relation("casual + registered = cnt", severity="refuse")
    assert third.says == "added: In every row: casual + registered == cnt."
    late = client.post(at("save_contract"), {**new, "new-severity": "refuse", "seen": "2"})
    assert "Version 3 of this contract was made meanwhile" in late.content.decode()


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ({"new-kind": "holds", "new-expression": "casual +"}, "cannot be read"),
        ({"new-kind": "holds", "new-expression": ""}, "Write the relation"),
        ({"new-kind": "holds", "new-expression": "re('(a+)+')"}, "no function"),
        ({"new-kind": "between", "new-column": "casual", "new-low": "ten"}, "is no number"),
        ({"new-kind": "between", "new-column": "casual"}, "Give one bound"),
        ({"new-kind": "between", "new-low": "1"}, "Choose the column"),
        ({"new-kind": "one_of", "new-column": "season"}, "Give 1 to 200 values"),
        ({"new-kind": "fresh", "new-column": "season"}, "more than 0"),
        ({"new-kind": "unique", "new-column": "nowhere"}, "valid choice"),
    ],
)
def test_a_rule_that_cannot_be_is_told_at_the_form(new, says, build, at, client):
    build(rides())
    sent = {**new, "new-severity": "warn", "add": "1", "seen": "0"}
    told = client.post(at("save_contract"), sent)
    assert told.status_code == 422
    assert says in told.content.decode()
    assert not Contract.objects.exists()


def test_each_new_table_is_held_against_it_and_a_breach_blocks_or_is_weighed(
    build, opened, analyst, accept, jobs
):
    build(rides())
    assert answer(opened, "contract_is_held").state == "warn"
    opened.project.tier = 1
    assert answer(opened, "contract_is_held").state == "block"
    opened.project.refresh_from_db()
    accept(relation("casual + registered = cnt", severity="refuse"))
    assert answer(opened, "contract_is_held").state == "pass"
    actions.add_step(
        cycle=opened,
        step="map_values",
        params={"column": "season", "mapping": [["fall", "autumn"]]},
        by=analyst,
    )
    with jobs():
        actions.build_table(cycle=opened, by=analyst)
    assert ContractRun.objects.filter(contract__isnull=False).count() == 2
    assert answer(opened, "contract_is_held").state == "pass"
    accept(Rule("one_of", ("season",), values=("fall", "spring")))
    told = answer(opened, "contract_is_held")
    assert (told.state, told.facts["warned"]) == ("warn", ["“season” is one of: fall, spring."])
    accept(Rule("one_of", ("season",), "refuse", values=("fall", "spring")))
    assert answer(opened, "contract_is_held").state == "block"
    accept(Rule("filled", ("season",)))
    assert answer(opened, "contract_is_held").state == "pass"


def test_of_failing_rows_none_is_left_out_or_sealed_or_a_formula_or_personal(
    build, opened, analyst, accept, at, client, jobs
):
    bad = rides()
    bad.loc[:69, "season"] = "=HYPERLINK(1)"
    build(bad)
    accept(Rule("one_of", ("season",), values=("fall", "spring")))
    whole = ContractRun.objects.get()

    def rows(run):
        told = client.get(at("failing_rows", run.pk))
        text = b"".join(told.streaming_content).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    found = rows(whole)
    assert [int(row["row"]) for row in found] == list(range(1, 71))
    assert {row["season"] for row in found} == {"'=HYPERLINK(1)"}
    with jobs():
        split = actions.draw_split(cycle=opened, method="random", by=analyst, folds=3)
    split.refresh_from_db()
    assert client.get(at("failing_rows", whole.pk)).status_code == 404  # has rows of the test now
    run = ContractRun.objects.get(parquet=split.development)
    kept = rows(run)
    assert 0 < len(kept) < 70
    originals = {int(row["row"]): row for row in found}
    assert all(originals[int(row["row"])]["cnt"] == row["cnt"] for row in kept)
    classify(project=opened.project, classes={"season": "personal"}, by=analyst)
    assert {row["season"] for row in rows(run)} == {WITHHELD}
    page = client.get(at("contract")).content.decode()
    assert "HYPERLINK" not in page
    assert "values are not shown" in page


def test_a_new_version_of_a_source_that_breaks_its_contract_cannot_be_taken(
    bring, opened, analyst, accept, jobs, tmp_path, at, client
):
    source = bring("rides", rides())
    accept(Rule("between", ("casual",), "refuse", high=39.0), source=source)
    bad = rides(casual=99).to_csv(index=False).encode()
    path = tmp_path / "new.csv"
    path.write_bytes(bad)
    with jobs():
        version = actions.add_version(
            source=source, cycle=opened, path=path, filename="n.csv", by=analyst, waits=True
        )
    version.refresh_from_db()
    with pytest.raises(Refusal, match="breaks the contract of rides: “casual” is at most 39"):
        versions.take(version=version, cycle=opened, by=analyst)
    page = client.get(at("source", source.pk) + "?version=2").content.decode()
    assert "120 of 120 rows do not keep it" in page
    accept(Rule("between", ("casual",), "warn", high=39.0), source=source)
    versions.take(version=version, cycle=opened, by=analyst)


def test_a_class_counts_at_once_and_takes_no_mark_of_the_plan_back(
    build, opened, analyst, at, client
):
    build(rides())
    page = client.get(at("contract"))
    names = page.context["classes"].names
    sent = {f"class-{names.index('casual')}": "secret", f"class-{names.index('cnt')}": "public"}
    client.post(at("class_columns"), sent)
    assert sensitive_columns(opened) == {"casual"}
    client.post(at("class_columns"), sent)
    assert ColumnClass.objects.count() == 2  # the same again is no news
    classify(project=opened.project, classes={"casual": "internal"}, by=analyst)
    assert sensitive_columns(opened) == frozenset()
    with pytest.raises(Refusal, match="is no class"):
        classify(project=opened.project, classes={"casual": "loud"}, by=analyst)


def test_versions_acceptances_and_classes_are_facts(build, opened, analyst, accept):
    build(rides())
    made = accept(Rule("filled", ("cnt",)))
    made.says = "another"
    with pytest.raises(TypeError):
        made.save()
    with pytest.raises(TypeError):
        Acceptance.objects.all().delete()
    contract_actions.write(
        cycle=opened, source=None, rules=[Rule("filled", ("casual",))], says="x", by=analyst
    )
    with pytest.raises(Refusal, match="newer version"):
        contract_actions.accept(contract=made, cycle=opened, by=analyst)


def test_others_look_and_do_not_write(build, accept, at, client, viewer, stranger, join):
    build(rides())
    accept(Rule("between", ("cnt",), high=10.0))
    run = ContractRun.objects.get()
    client.force_login(viewer)
    page = client.get(at("contract")).content.decode()
    assert "Accept this contract" not in page
    assert client.get(at("failing_rows", run.pk)).status_code == 200
    for name in ("draft_contract", "save_contract", "check_contract", "class_columns"):
        assert client.post(at(name)).status_code == 403
    client.force_login(stranger)
    assert client.get(at("contract")).status_code == 404
    assert client.get(at("failing_rows", run.pk)).status_code == 404
    client.force_login(join(Role.ANALYST))
    assert client.get(at("contract") + "?source=999999").status_code == 404
    assert client.get(at("contract") + "?source=x").status_code == 404


def test_the_contributors_of_a_contract_have_had_a_hand_in_the_data(build, opened, accept):
    build(rides())
    made = accept(Rule("filled", ("cnt",)))
    assert made.author_id in set(contributors(opened))
    assert made.created_at - made.acceptance.at < timedelta(minutes=1)


def test_without_a_table_there_is_nothing_to_agree_on(opened, analyst, at, client):
    assert "There is no table to agree on yet" in client.get(at("contract")).content.decode()
    with pytest.raises(Refusal, match="bring in a file"):
        contract_actions.draft(cycle=opened, source=None, by=analyst)
