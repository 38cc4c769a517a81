"""A key can be replaced and lost without a false alarm; anchors are whole and in time."""

import json
import stat
from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from apps.datasets import vault
from apps.projects import anchors, keys, ledger, work
from apps.projects.canonical import content_hash
from apps.projects.links import link_of, seal_of
from apps.projects.models import Chain
from apps.projects.rowprints import fields_of, print_of
from tests import builders
from tests.projects.conftest import sql, verdict


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.LEDGER_KEYS = []
    settings.LEDGER_KEY_FILE = tmp_path / "ledger_key"
    settings.LEDGER_KEY_FILE.write_text("the first key")
    settings.ANCHOR_FILE = tmp_path / "anchors.jsonl"


def rotate():
    out = StringIO()
    call_command("rotate_ledger_key", stdout=out)
    return out.getvalue()


def write(project, count=1):
    with transaction.atomic():
        for _ in range(count):
            ledger.record("test.happened", "Thing", actor=None, project=project)


def test_a_rotation_is_an_event_of_every_ledger_and_all_of_it_still_holds(
    chain, other, project, settings
):
    old = keys.current()[0]
    assert f"{old} is only read" in rotate()
    write(project)
    assert verdict()[0] == 0
    assert {*chain.events.values_list("key", flat=True)} == {*keys.ring()}
    assert next(iter(keys.ring())) == old != keys.current()[0]
    assert other.events.latest("seq").verb == "ledger.key_rotated"
    assert stat.S_IMODE(settings.LEDGER_KEY_FILE.stat().st_mode) == 0o600
    rotate()
    assert len(keys.ring()) == 3
    assert verdict()[0] == 0


def test_what_an_old_key_sealed_still_opens_and_new_files_need_the_new_key(tmp_path, chain):
    def sealed(text):
        path = tmp_path / "plain"
        path.write_text(text)
        return vault.seal(path)

    def opened(sha256):
        vault.unseal(sha256, to=tmp_path / "opened")
        return (tmp_path / "opened").read_text()

    before = sealed("before")
    rotate()
    assert opened(before) == "before"
    assert opened(sealed("after")) == "after"


def test_after_a_rotation_the_old_key_is_not_accepted(chain, project):
    old = keys.current()[1]
    rotate()
    write(project)
    last = chain.events.latest("seq")
    last.key = keys.name_of(old)
    link = link_of(last, chain_id=chain.pk)
    seal = seal_of(link, secret=old)
    sql(
        "UPDATE projects_event SET key=%s, hash=%s, seal=%s WHERE id=%s",
        last.key,
        link,
        seal,
        last.pk,
    )
    sql("UPDATE projects_chain SET head=%s WHERE id=%s", link, chain.pk)
    code, says = verdict()
    assert code == 1
    assert f"event {last.seq} is sealed with a key that was replaced" in says


def test_a_missing_key_is_told_apart_from_tampering(chain, project, settings):
    rotate()
    write(project)
    ring = settings.LEDGER_KEY_FILE.read_text()
    settings.LEDGER_KEY_FILE.write_text(ring.split()[-1])
    code, says = verdict()
    assert code == 2
    assert "event 1 is sealed with key" in says
    assert "put the key back" in says
    sql("UPDATE projects_event SET says = 'lie' WHERE seq = 3")
    code, says = verdict()
    assert code == 1
    assert "event 3 was changed" in says


def test_keys_from_the_environment_are_read_and_not_rotated_here(chain, settings):
    settings.LEDGER_KEYS = ["the", "key", "first", "the first key", "newest"]
    assert verdict()[0] == 0
    assert keys.current() == (keys.name_of(b"newest"), b"newest")
    with pytest.raises(CommandError, match="MLCYCLE_LEDGER_KEY"):
        rotate()


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/St_Johns"])
def test_another_time_zone_is_no_alarm(chain, settings, zone):
    settings.TIME_ZONE = zone
    with timezone.override(zone):
        assert verdict()[0] == 0


ROOMS = ("accounts.user", "projects", "planning", "governance")


def test_a_dump_that_is_loaded_again_is_no_alarm(chain, other, tmp_path):
    dump = tmp_path / "dump.json"
    call_command("dumpdata", *ROOMS, output=str(dump))
    tables = [row["model"].replace(".", "_") for row in json.loads(dump.read_text())]
    connection.check_constraints()
    for table in dict.fromkeys(reversed(tables)):
        sql(f"DELETE FROM {table}")
    assert not Chain.objects.exists()
    connection.check_constraints()
    call_command("loaddata", str(dump), verbosity=0)
    assert verdict()[0] == 0
    assert Chain.objects.get(pk=chain.pk).head == chain.head


def test_a_column_that_a_later_version_adds_is_no_alarm(project, analyst, monkeypatch):
    """An event of the version before names fewer fields of its row."""

    def before(row):
        fields = {name: value for name, value in fields_of(row).items() if name != "reason"}
        named = {"fields": ",".join(sorted(fields)), "sha256": content_hash(fields)}
        return {**print_of(row), **named}

    monkeypatch.setattr(ledger, "print_of", before)
    plan = builders.make_plan(project.cycle, analyst)
    assert verdict()[0] == 0
    sql("UPDATE planning_plan SET number = 7 WHERE id = %s", plan.pk)
    assert "says otherwise than plan" in verdict()[1]


def told(settings):
    return [json.loads(line) for line in settings.ANCHOR_FILE.read_text().splitlines()]


def test_heads_are_written_after_five_minutes_or_a_thousand_events(chain, other, project, settings):
    assert work.anchor() == 2
    assert [(line["chain"], line["seq"], line["hash"]) for line in told(settings)] == [
        (chain.pk, chain.seq, chain.head),
        (other.pk, other.seq, other.head),
    ]
    write(project)
    assert work.anchor() == 0
    Chain.objects.update(anchored_at=timezone.now() - timedelta(minutes=5))
    assert work.anchor() == 1, "nothing is written for a ledger that stands still"
    Chain.objects.filter(pk=chain.pk).update(seq=chain.seq + 1001)
    assert work.anchor() == 1
    assert len(told(settings)) == 4
    assert stat.S_IMODE(settings.ANCHOR_FILE.stat().st_mode) == 0o600


def test_heads_are_mailed_once_a_day(chain, project, settings):
    settings.ANCHOR_MAIL = "auditors@example.org"
    work.anchor()
    write(project)
    Chain.objects.update(anchored_at=timezone.now())
    Chain.objects.update(anchored_seq=0, seq=1500)
    work.anchor()
    assert [message.to for message in mail.outbox] == [["auditors@example.org"]]
    assert f"{chain}: {chain.seq}:{chain.head}" in mail.outbox[0].body


def test_a_write_that_was_cut_short_is_named_and_the_next_one_starts_a_line(chain, settings):
    settings.ANCHOR_FILE.write_text('{"chain": 1, "se')
    anchors.append([chain])
    with pytest.raises(CommandError, match=r"Line 1 .* is not an anchor") as refused:
        verdict(anchors=settings.ANCHOR_FILE)
    assert refused.value.returncode == 2
    settings.ANCHOR_FILE.write_text(settings.ANCHOR_FILE.read_text().split("\n", 1)[1])
    code, says = verdict(anchors=settings.ANCHOR_FILE)
    assert code == 0
    assert f"anchored to event {chain.seq}" in says


@pytest.mark.parametrize("text", ["12", "x:" + "a" * 16, "12:abc", "12:" + "A" * 16, ""])
def test_what_is_not_an_anchor_is_refused(db, text):
    with pytest.raises(CommandError, match="is not an anchor"):
        verdict(anchor=[text])
