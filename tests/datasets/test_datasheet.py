"""The datasheet of a source: what lineage tells, what people answer, what the data gate asks."""

import pytest

from apps.datasets import contract_actions
from apps.datasets.checks import CHECKS
from apps.datasets.datasheets import NEEDED, QUESTIONS, sheet_of
from apps.datasets.models import Datasheet

TOLD = {key: f"About {key}." for key in NEEDED}


@pytest.fixture
def source(table, opened):
    return opened.project.sources.get()


def gate(cycle):
    return next(one for one in CHECKS if one.key == "data.datasheets_are_filled").run(cycle)


def test_lineage_answers_its_half(source, opened, at, client):
    facts = {fact.title: fact.value for fact in sheet_of(source, cycle=opened).facts}
    version = source.versions.get()
    assert facts["SHA-256 of the file"] == version.sha256
    assert (facts["Rows"], facts["Imports"]) == (569, 1)
    assert facts["Brought in by"] == f"Ann Lind, {version.created_at:%-d %B %Y}"
    page = client.get(at("datasheet", source.pk)).content.decode()
    assert version.sha256 in page
    assert all(question.asks in page for question in QUESTIONS)


def test_what_is_open_is_weighed_at_the_gate_and_blocks_where_most_depends(source, opened, analyst):
    assert gate(opened).state == "warn"
    assert "For what purpose was the data made?" in gate(opened).says
    opened.project.tier = 1
    opened.project.save()
    assert gate(opened).state == "block"
    contract_actions.fill_datasheet(source=source, cycle=opened, answers=TOLD, by=analyst)
    assert (gate(opened).state, gate(opened).facts["datasheets"]) == ("pass", {"samples": 1})
    contract_actions.fill_datasheet(
        source=source, cycle=opened, answers={**TOLD, "gaps": "  "}, by=analyst
    )
    assert "Who or what is not in it that should be?" in gate(opened).says


def test_each_save_is_a_version_with_its_line_in_the_ledger(source, opened, at, client):
    address = at("datasheet", source.pk)
    assert client.post(address, {"purpose": "To bill <b>", "nonsense": "x"}).status_code == 302
    client.post(address, {"purpose": "To bill <b>"})
    client.post(address, {"purpose": "To bill", "licence": "CC BY 4.0"})
    answers = list(Datasheet.objects.order_by("number").values_list("answers", flat=True))
    assert answers == [
        {"purpose": "To bill <b>"},
        {"purpose": "To bill", "licence": "CC BY 4.0"},
    ]
    events = opened.project.events.filter(verb="data.datasheet_filled")
    assert events.count() == 2
    assert client.post(address, {"purpose": "x" * 2_001}).status_code == 422


def test_who_may_not_write_reads_it(source, opened, at, client, viewer, analyst):
    contract_actions.fill_datasheet(
        source=source, cycle=opened, answers={"purpose": "To bill <b>"}, by=analyst
    )
    client.force_login(viewer)
    page = client.get(at("datasheet", source.pk)).content.decode()
    assert "To bill &lt;b&gt;" in page
    assert "not answered yet" in page
    assert client.post(at("datasheet", source.pk), TOLD).status_code == 403
