"""The documents follow the code: what is generated is fresh, what is named exists."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from apps.engine.recipe.registry import STEPS
from apps.engine.serving.openapi_refusals import DOORS, codes_of
from apps.governance.gates import GATES
from apps.governance.management.commands import write_docs
from apps.projects.access import ALLOWS, Verb
from apps.projects.models import Role

pytestmark = pytest.mark.once  # files of the project

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
ROOMS = sorted(path.name for path in (ROOT / "apps").iterdir() if (path / "__init__.py").exists())
ERROR_SOURCES = (
    "production/api.py",
    "production/api_batches.py",
    *(f"production/endpoint/{path.name}" for path in ROOT.glob("apps/production/endpoint/*.py")),
)
ENGINE_CODES = ("engine/serving/payload.py", "engine/serving/contract.py")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def sources(names: tuple[str, ...]) -> str:
    return "\n".join(text_of(f"apps/{name}") for name in names)


def anchor(heading: str) -> str:
    """The anchor that a heading gets when Markdown is shown as a page."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_generated_documents_are_up_to_date():
    call_command("write_docs", "--check", stderr=StringIO())


def test_a_stale_document_is_named_and_nothing_is_written(tmp_path: Path, settings):
    (tmp_path / "docs").mkdir()
    (tmp_path / ".env.example").write_text("# A sentence.\nNEW_SETTING=1\n")
    settings.ROOT = tmp_path
    told = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("write_docs", "--check", stderr=told)
    assert ended.value.code == 1
    assert "docs/settings.md" in told.getvalue()
    assert list((tmp_path / "docs").iterdir()) == []
    call_command("write_docs", stdout=StringIO())
    assert "| `NEW_SETTING` | `1` | A sentence. |" in (tmp_path / "docs/settings.md").read_text()


def test_every_setting_of_the_example_is_documented():
    named = set(re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", text_of(".env.example"), re.MULTILINE))
    assert len(named) > 20
    assert {name for name in named if f"`{name}`" not in text_of("docs/settings.md")} == set()


def test_a_shared_comment_explains_each_variable_below_it():
    told = list(write_docs.read_settings("# --- Web ---\n# Two things.\nA_ONE=1\n# A_TWO=x\n"))
    assert [(item.section, item.name, item.default, item.says) for item in told] == [
        ("Web", "A_ONE", "1", "Two things."),
        ("Web", "A_TWO", "", "Two things."),
    ]


def test_every_check_of_every_gate_is_documented():
    page = text_of("docs/gates.md")
    for gate in GATES:
        assert gate.meaning in page
        for check in gate.checks:
            assert f"`{check.key}`" in page


def test_every_recipe_step_and_its_parameters_are_documented():
    page = text_of("docs/recipe-steps.md")
    for key, step in STEPS.items():
        assert f"(`{key}`)" in page
        for parameter in step.parameters:
            assert f"| `{parameter.name}` |" in page


@pytest.mark.parametrize("document", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(document: Path):
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, place = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), f"{document.name} links to {target}, which does not exist"
        if place:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert place in {anchor(heading) for heading in headings}, target


def test_every_make_command_in_the_documents_exists():
    offered = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    named = {
        name
        for document in DOCS
        for name in re.findall(
            r"^make ([a-z]+)|`make ([a-z]+)", document.read_text(encoding="utf-8"), re.MULTILINE
        )
        for name in name
        if name
    }
    assert {"up", "test"} <= named
    assert named - offered == set()


def test_every_manage_command_in_the_documents_exists():
    ours = {
        path.stem
        for path in ROOT.glob("apps/*/management/commands/*.py")
        if path.stem != "__init__"
    }
    django = {"makemigrations", "createsuperuser", "sendtestemail", "shell"}
    named = {
        name
        for document in DOCS
        for name in re.findall(r"manage\.py ([a-z_]+)", document.read_text(encoding="utf-8"))
    }
    assert named - ours - django == set()
    everything = "\n".join(document.read_text(encoding="utf-8") for document in DOCS)
    assert {name for name in ours if name not in everything} == set()


def test_every_file_named_in_the_architecture_exists():
    named = re.findall(
        r"`((?:apps|mlcycle_site|tests|templates|static|docs)/[\w./]+)`",
        text_of("ARCHITECTURE.md"),
    )
    assert len(named) > 20
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_room_stands_in_the_architecture():
    page = text_of("ARCHITECTURE.md")
    assert len(ROOMS) == 11
    assert [room for room in ROOMS if f"| `{room}` |" not in page] == []


def test_the_table_of_roles_says_what_access_allows():
    rows = re.findall(
        r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$",
        text_of("docs/administrators.md"),
        re.MULTILINE,
    )
    told = {verb: cells for verb, *cells in rows}
    order = [Role.VIEWER, Role.ANALYST, Role.MANAGER, Role.ADMIN]
    for verb in Verb:
        says = ["yes" if verb in ALLOWS[role] else "–" for role in order]
        assert told[verb.value] == says, verb.value


def test_every_refusal_of_the_api_is_documented_with_its_status():
    page = text_of("docs/api.md")
    refusals = re.findall(r"ApiRefusal\(\s*(\d{3}),\s*\"(\w+)\"", sources(ERROR_SOURCES))
    unloaded = re.findall(r"NotLoaded\(\s*\"(\w+)\"", sources(("production/endpoint/loaded.py",)))
    refusals += [("503", code) for code in unloaded]
    assert len(refusals) >= 10
    for status, code in refusals:
        assert re.search(rf"^\| {status} \| .*`{code}`", page, re.MULTILINE), (status, code)


def test_the_openapi_description_has_the_refusals_of_the_table():
    page = text_of("docs/api.md").partition("# The API of a notebook")[0]
    rows = re.findall(r"^\| (\d{3}) \| (.*?) \|", page, re.MULTILINE)
    told = {(status, code) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    described = {
        (status, code)
        for door in DOORS
        for status, codes in codes_of(door).items()
        for code in codes
    }
    assert described == told - {("404", "no_address")}  # of addresses that are no door


def test_every_code_of_a_bad_body_or_row_is_documented():
    page = text_of("docs/api.md")
    body, row = (text_of(f"apps/{name}") for name in ENGINE_CODES)
    codes = set(re.findall(r'code(?:: str)? ?= ?"(\w+)"', body))
    codes |= set(re.findall(r'_told\(\w+, [\w\[\]:]+, "(\w+)"', row))
    codes |= set(re.findall(r'(?:return|\()\s*"(\w+)",\s*f', row))
    codes |= set(re.findall(r'told\("(\w+)"', text_of("apps/production/api.py")))
    codes |= set(re.findall(r'Misfit\(\s*"(\w+)"', text_of("apps/production/log/actuals.py")))
    assert {"bad_json", "missing_field", "wrong_type", "unknown_category", "conflict"} <= codes
    assert {code for code in codes if f"`{code}`" not in page} == set()


def test_every_decision_record_says_why_and_what_follows():
    records = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {int(path.name[:4])}. ")
        for part in ("## Why", "## What follows"):
            assert part in text, f"{path.name} has no {part}"
