"""A pack proves itself with the standard library alone; whatever is changed in it is named."""

import ast
import importlib.util
import json
import random
import subprocess
import sys
import unicodedata
import zipfile

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from apps.datasets.storage import local
from apps.governance.models import Pack
from apps.governance.pack import verify
from apps.governance.pack.build import VERIFIER
from apps.governance.pages import signed_page
from apps.governance.proof_actions import make_pack
from apps.projects import actions, anchors
from apps.projects.canonical import canonical, content_hash
from apps.projects.links import GENESIS
from apps.projects.models import Chain
from apps.projects.rowcheck import models_of_facts
from apps.web.refusals import Refusal


@pytest.fixture(autouse=True)
def _own_anchors(settings, tmp_path):
    settings.ANCHOR_FILE = tmp_path / "anchors.jsonl"


@pytest.fixture
def decision(sign, manager, submitted, team, analyst):
    actions.start_project(team=team, name="Secret neighbour", by=analyst)
    return sign(manager)


@pytest.fixture
def made(decision, viewer, run_jobs):
    with run_jobs():
        pack = make_pack(cycle=decision.cycle, decision=decision, by=viewer)
    pack.refresh_from_db()
    assert pack.job.state == "done", pack.job.problem
    return pack


@pytest.fixture
def files(made):
    with zipfile.ZipFile(local(made.sha256)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def check(tmp_path, capsys):
    """``check(files, anchor=...)``: exit code and what the verifier says."""

    def run(files, *options):
        path = tmp_path / "checked.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        code = verify.main([str(path), *options])
        return code, capsys.readouterr().out

    return run


def with_manifest(files):
    """The manifest made anew, as somebody who changes a pack would."""
    others = {name: data for name, data in files.items() if name != "MANIFEST.json"}
    hashes = {name: verify.sha256(data) for name, data in others.items()}
    manifest = {"format": verify.FORMAT, "files": hashes}
    return {**others, "MANIFEST.json": canonical(manifest)}


def events_of(files):
    return [json.loads(line) for line in files["ledger/events.jsonl"].splitlines()]


def with_events(files, events):
    lines = b"".join(canonical(event) + b"\n" for event in events)
    return with_manifest({**files, "ledger/events.jsonl": lines})


def forged(files, change):
    """A whole new pack: ``change`` edits the list of events, then all links are made again."""
    events = events_of(files)
    chain = json.loads(files["ledger/head.json"])["chain"]
    change(events)
    before = GENESIS
    for seq, event in enumerate(events, start=1):
        event |= {"seq": seq, "previous": before}
        event["hash"] = before = verify.link_of(event, chain)
    head = {"chain": chain, "seq": len(events), "hash": before}
    return with_events({**files, "ledger/head.json": canonical(head)}, events)


def hide_a_body(events):
    """Give an event of the project itself as a hash, as those of others are."""
    events[3]["body_sha256"] = verify.sha256(verify.canonical(events[3].pop("body")))


def test_the_verifier_is_one_small_file_of_the_standard_library_for_python_3_9():
    source = VERIFIER.read_text()
    assert len(source.splitlines()) <= 300
    tree = ast.parse(source, feature_version=(3, 9))
    nodes = list(ast.walk(tree))
    imports = [node for node in nodes if isinstance(node, ast.Import)]
    assert {name.name for node in imports for name in node.names} <= set(sys.stdlib_module_names)
    assert not [node for node in nodes if isinstance(node, ast.ImportFrom | ast.Match)]


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)


@limits(suppress_health_check=[HealthCheck.too_slow])
@given(values)
def test_both_write_the_same_canonical_bytes(value):
    try:
        expected = canonical(value)
    except (OverflowError, ValueError) as error:
        with pytest.raises(type(error)):
            verify.canonical(value)
        return
    assert verify.canonical(value) == expected
    assert verify.canonical(json.loads(expected)) == expected


def test_a_pack_is_whole_and_for_members_only(made, files, client, viewer, stranger):
    assert {
        "MANIFEST.json",
        "README.txt",
        "verify.py",
        "pages/plan-1.html",
        "ledger/events.jsonl",
        "ledger/head.json",
        "records/plans.json",
        "records/decisions.json",
        "records/submissions.json",
        "records/people.json",
    } <= set(files)
    assert b"I have read this plan" in files["pages/plan-1.html"]
    if importlib.util.find_spec("weasyprint") is None:
        assert b"The PDF of the pages was left out" in files["README.txt"]
    address = reverse("governance:pack", args=[made.cycle.project.slug, made.pk])
    client.force_login(viewer)
    answer = client.get(address)
    assert b"".join(answer.streaming_content) == local(made.sha256).read_bytes()
    assert f"plan-1-event-{made.seq}.zip" in answer["Content-Disposition"]
    assert made.head in client.get(reverse("governance:packs", args=[made.cycle.project.slug])).text
    gate = reverse("governance:gate", args=[made.cycle.project.slug, "plan"])
    assert address in client.get(gate).text
    client.force_login(stranger)
    assert client.get(address).status_code == 404


def test_the_page_that_was_signed_is_in_it_to_the_byte(made, decision, files, check):
    name = "pages/plan-1.signed.html"
    assert files[name] == signed_page(decision)
    altered = files[name].replace(b"<article", b"<article hidden", 1)
    code, says = check(with_manifest({**files, name: altered}))
    assert code == 1
    assert f"{name} is not the page that was signed in event" in says


def test_it_holds_up_to_an_anchor_and_says_so_without_one(made, files, check, settings):
    code, says = check(files)
    assert code == 3
    assert "No anchor vouches for the end" in says
    for options in (
        ["--anchor", f"{made.seq}:{made.head}"],
        ["--anchors", str(settings.ANCHOR_FILE)],
    ):
        code, says = check(files, *options)
        assert (code, "WRONG" in says) == (0, False)
        assert f"{made.seq}:{made.head}" in says


@pytest.mark.once  # about the file that was made
def test_it_runs_by_itself(made, tmp_path):
    pack = tmp_path / "pack.zip"
    pack.write_bytes(local(made.sha256).read_bytes())
    with zipfile.ZipFile(pack) as archive:
        archive.extract("verify.py", tmp_path)
    command = [
        sys.executable,
        "-I",
        "-S",
        "verify.py",
        str(pack),
        "--anchor",
        f"{made.seq}:{made.head}",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_of_another_project_is_in_it_but_hashes(files, decision):
    whole = b"".join(files.values())
    assert b"Secret neighbour" not in whole
    hidden = [event for event in events_of(files) if "body" not in event]
    assert len(hidden) == 1
    assert set(hidden[0]) == {"seq", "previous", "key", "hash", "body_sha256"}


@pytest.mark.once  # about the file that was made
def test_a_changed_byte_of_any_file_is_found_and_named(files, check, made):
    pick = random.Random(0)
    anchor = ["--anchor", f"{made.seq}:{made.head}"]
    for name, data in files.items():
        for _ in range(6):
            place = pick.randrange(len(data))
            changed = bytearray(data)
            changed[place] ^= 1 << pick.randrange(8)
            code, says = check({**files, name: bytes(changed)}, *anchor)
            assert code in (1, 2), (name, place)
            assert name in says or name == "MANIFEST.json", (name, says)
            if name != "MANIFEST.json":
                mended = with_manifest({**files, name: bytes(changed)})
                assert check(mended, *anchor)[0] in (1, 2), (name, place)


@pytest.mark.once  # about the file that was made
def test_a_changed_byte_of_the_zip_is_found_or_changes_no_file(files, made, tmp_path):
    pick, whole = random.Random(1), local(made.sha256).read_bytes()
    path = tmp_path / "flipped.zip"
    for _ in range(150):
        changed = bytearray(whole)
        changed[pick.randrange(len(whole))] ^= 1 << pick.randrange(8)
        path.write_bytes(changed)
        if verify.main([str(path), "--anchor", f"{made.seq}:{made.head}"]) == 0:
            with zipfile.ZipFile(path) as archive:
                assert {name: archive.read(name) for name in archive.namelist()} == files


@pytest.mark.once  # about the file that was made
def test_a_file_more_or_less_is_found(files, check):
    fewer = {name: data for name, data in files.items() if name != "records/submissions.json"}
    assert "records/submissions.json was removed" in check(fewer)[1]
    assert "for a file was altered" not in check(with_manifest(fewer))[1]
    assert check(with_manifest(fewer))[0] == 1
    more = {**files, "records/extra.json": b"[]"}
    assert "records/extra.json was inserted" in check(more)[1]
    assert check(with_manifest(more))[0] == 1


@pytest.mark.once  # about the file that was made
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (hide_a_body, "The body of an event was removed"),
        (lambda events: events[2]["body"].update(says="lie"), "Event 3 was altered"),
        (lambda events: events.pop(3), "Event 4 was removed"),
        (lambda events: events.pop(0), "Event 1 was removed"),
        (lambda events: events.pop(), "cut off"),
        (lambda events: events.insert(3, events[2]), "Event 3 was inserted"),
        (lambda events: events.insert(2, events.pop(3)), "Event 3 was reordered"),
        (lambda events: events[1].update(body_sha256="0" * 64) or events[1].pop("body"), "Event 2"),
    ],
)
def test_what_was_done_to_the_ledger_is_named(files, check, change, says):
    events = events_of(files)
    change(events)
    code, told = check(with_events(files, events))
    assert code == 1
    assert says in told


def test_a_pack_made_anew_without_its_newest_event_is_found(files, check, made, settings):
    def drop(events):
        del events[-2]  # the decision; the event that vouches for the files stays

    new = forged(files, drop)
    assert "has no event in the ledger" in check(new)[1]
    fewer = {name: data for name, data in new.items() if name != "records/decisions.json"}

    def vouch(events):
        covered = {
            name: verify.sha256(data)
            for name, data in fewer.items()
            if name != "MANIFEST.json" and not name.startswith("ledger/")
        }
        events[-1]["body"]["facts"]["contents"] = content_hash(covered)

    perfect = forged(fewer, vouch)
    assert check(perfect)[0] == 3, "a pack that agrees with itself: only an anchor can tell"
    code, says = check(perfect, "--anchor", f"{made.seq}:{made.head}")
    assert code == 1
    assert f"Event {made.seq} was anchored and is cut off" in says
    code, says = check(perfect, "--anchors", str(settings.ANCHOR_FILE))
    assert code == 1
    assert "cut off or made anew" in says


def test_anchors_before_and_after_the_end_are_weighed(files, check, made, settings, analyst):
    for seq in (3, made.seq):
        line = next(event for event in events_of(files) if event["seq"] == seq)
        assert check(files, "--anchor", f"{seq}:{line['hash']}")[0] == (0 if seq == made.seq else 3)
    actions.start_cycle(project=made.cycle.project, reason="Later", by=analyst)
    anchors.append(Chain.objects.filter(team=made.cycle.project.team))
    assert check(files, "--anchors", str(settings.ANCHOR_FILE))[0] == 0
    code, says = check(files, "--anchor", f"3:{'0' * 64}")
    assert code == 1
    assert "Event 3 is not the anchored one" in says


def test_a_record_that_was_changed_does_not_match_its_event(files, check):
    rows = json.loads(files["records/decisions.json"])
    rows[0]["fields"]["verdict"] = "reject"
    code, says = check(with_manifest({**files, "records/decisions.json": canonical(rows)}))
    assert code == 1
    assert "records/decisions.json: ('projects.decision'" in says
    assert "does not match event" in says


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 broken"])
def test_what_is_not_a_pack_ends_with_2(tmp_path, capsys, content):
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    assert verify.main([str(path)]) == 2
    assert "cannot be read" in capsys.readouterr().out


def test_a_pack_of_a_whole_cycle_holds_every_decision(decision, analyst, run_jobs, check):
    with run_jobs():
        pack = make_pack(cycle=decision.cycle, decision=None, by=analyst)
    pack.refresh_from_db()
    with zipfile.ZipFile(local(pack.sha256)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    wanted = {"pages/plan-1.html", "records/releases.json", "records/attacks.json"}
    assert wanted <= set(files)
    assert check(files, "--anchor", f"{pack.seq}:{pack.head}")[0] == 0


def test_one_pack_at_a_time_and_none_of_nothing(submitted, analyst, sign, manager, stranger):
    with pytest.raises(Refusal, match="Nothing was decided"):
        make_pack(cycle=submitted, decision=None, by=analyst)
    decision = sign(manager)
    make_pack(cycle=submitted, decision=decision, by=analyst)
    with pytest.raises(Refusal, match="is being made"):
        make_pack(cycle=submitted, decision=decision, by=analyst)
    assert Pack.objects.count() == 1


def test_text_is_told_in_one_normal_form():
    assert verify.canonical({"e\u0301": 1.0}) == canonical(
        {unicodedata.normalize("NFC", "e\u0301"): 1.0}
    )


def test_no_kind_of_fact_may_stand_in_a_pack_without_its_event():
    facts = {model._meta.label_lower for model in models_of_facts()}
    assert not facts & set(verify.WITHOUT_EVENT)
