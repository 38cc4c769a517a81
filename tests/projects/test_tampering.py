"""Whoever owns the database can change it; each kind of change is found and named."""

import pytest
from django.db import connection

from apps.projects import anchors, keys
from apps.projects.links import GENESIS, link_of, seal_of
from apps.projects.models import Chain, Decision, Event
from tests.projects.conftest import sql, verdict


def raw(event, **but):
    """Write columns of an event behind Django's back."""
    names = ", ".join(f"{name} = %s" for name in but)
    sql(f"UPDATE projects_event SET {names} WHERE id = %s", *but.values(), event.pk)


def at(chain, seq):
    return chain.events.get(seq=seq)


def head_to(chain, event):
    sql("UPDATE projects_chain SET seq=%s, head=%s WHERE id=%s", event.seq, event.hash, chain.pk)


def relink(chain, start, *, secret=None):
    """Make links (and with a key seals) from event ``start`` to the end; then mend the head."""
    before = at(chain, start - 1).hash if start > 1 else GENESIS
    for event in chain.events.filter(seq__gte=start).order_by("seq"):
        event.previous = before
        before = link_of(event, chain_id=chain.pk)
        seal = seal_of(before, secret=secret) if secret else event.seal
        raw(event, previous=event.previous, hash=before, seal=seal)
    head_to(chain, chain.events.latest("seq"))


def copied(event, chain, *, seq, says=None):
    """A new row like ``event`` at ``seq`` of ``chain``."""
    columns = "at, actor_id, actor_name, verb, project_id, facts, salt, key, seal, previous, hash"
    sql(
        f"INSERT INTO projects_event (chain_id, seq, says, {columns}) "
        f"SELECT %s, %s, %s, {columns} FROM projects_event WHERE id = %s",
        chain.pk,
        seq,
        says or event.says,
        event.pk,
    )
    return at(chain, seq)


def edit_body(chain, other):
    raw(at(chain, 3), says="lie")
    return "event 3 was changed after it was written"


def edit_facts(chain, other):
    raw(at(chain, 3), facts="{}")
    return "event 3 was changed after it was written"


def edit_time(chain, other):
    sql("UPDATE projects_event SET at = (SELECT min(at) FROM projects_event) WHERE seq = 4")
    return "event 4 was changed after it was written"


def edit_actor(chain, other):
    raw(at(chain, 2), actor_name="Eve")
    return "event 2 was changed after it was written"


def edit_and_relink_one(chain, other):
    event = at(chain, 3)
    event.says = "lie"
    raw(event, says="lie", hash=link_of(event, chain_id=chain.pk))
    return "event 3 was inserted or changed by somebody without the key"


def delete_first(chain, other):
    sql("DELETE FROM projects_event WHERE chain_id = %s AND seq = 1", chain.pk)
    return "event 1 is missing"


def delete_middle(chain, other):
    sql("DELETE FROM projects_event WHERE chain_id = %s AND seq = 4", chain.pk)
    return "event 4 is missing"


def delete_last(chain, other):
    sql("DELETE FROM projects_event WHERE chain_id = %s AND seq = %s", chain.pk, chain.seq)
    return f"event {chain.seq} is missing: the head says {chain.seq} events"


def delete_tail_and_mend_the_head(chain, other):
    sql("DELETE FROM projects_event WHERE chain_id = %s AND seq > %s", chain.pk, chain.seq - 3)
    head_to(chain, at(chain, chain.seq - 3))
    return f"event {chain.seq - 2} is missing: event {chain.seq} was anchored"


def insert_at_the_end(chain, other):
    last = at(chain, chain.seq)
    new = copied(last, chain, seq=chain.seq + 1, says="forged")
    new.previous, new.salt = last.hash, "5" * 32
    raw(new, previous=last.hash, salt=new.salt, hash=link_of(new, chain_id=chain.pk))
    head_to(chain, at(chain, chain.seq + 1))
    return f"event {chain.seq + 1} was inserted or changed by somebody without the key"


def insert_in_the_middle(chain, other):
    shift = "UPDATE projects_event SET seq = seq + %s WHERE chain_id = %s AND seq >= %s"
    sql(shift, 1_000_000, chain.pk, 4)
    sql(shift, 1 - 1_000_000, chain.pk, 1_000_000)
    new = copied(at(chain, 3), chain, seq=4, says="forged")
    raw(new, salt="5" * 32)
    relink(chain, 4)
    return "event 4 and what follows was rewritten by somebody without the key"


def swap_two(chain, other):
    sql("UPDATE projects_event SET seq = 999 WHERE chain_id = %s AND seq = 3", chain.pk)
    sql("UPDATE projects_event SET seq = 3 WHERE chain_id = %s AND seq = 4", chain.pk)
    sql("UPDATE projects_event SET seq = 4 WHERE chain_id = %s AND seq = 999", chain.pk)
    return "event 3 stands in the wrong place: it was event 4"


def copy_from_another_team(chain, other):
    theirs = at(other, 1)
    new = copied(theirs, chain, seq=chain.seq + 1)
    head_to(chain, new)
    return f"event {chain.seq + 1} was copied from another ledger"


def rewrite_all_without_the_key(chain, other):
    raw(at(chain, 1), says="lie")
    relink(chain, 1)
    return "event 1 and what follows was rewritten by somebody without the key"


def rewrite_with_the_key(chain, other):
    raw(at(chain, chain.seq - 2), says="lie")
    relink(chain, 1, secret=keys.current()[1])
    return f"event {chain.seq} is not the one that was anchored"


def edit_a_decision(chain, other):
    sql("UPDATE projects_decision SET verdict = 'reject'")
    return "says otherwise than decision"


def delete_a_submission(chain, other):
    sql("UPDATE projects_decision SET submission_id = NULL")
    sql("DELETE FROM projects_submission")
    return "which is gone"


def add_a_decision(chain, other):
    fields = [field.column for field in Decision._meta.concrete_fields]
    columns = ", ".join(name for name in fields if name not in {"id", "number"})
    sql(
        f"INSERT INTO projects_decision (number, {columns}) "
        f"SELECT 2, {columns} FROM projects_decision"
    )
    return "has no event"


def move_the_head(chain, other):
    sql("UPDATE projects_chain SET head = %s WHERE id = %s", "7" * 64, chain.pk)
    return f"event {chain.seq} is not the one that the head of the ledger names"


def empty_the_table(chain, other):
    if connection.vendor == "postgresql":
        connection.check_constraints()
        sql("TRUNCATE projects_event CASCADE")
    else:
        sql("DELETE FROM projects_event")
    return f"event 1 and all others are missing: the head says {chain.seq} events"


TAMPERINGS = [
    edit_body,
    edit_facts,
    edit_time,
    edit_actor,
    edit_and_relink_one,
    delete_first,
    delete_middle,
    delete_last,
    delete_tail_and_mend_the_head,
    insert_at_the_end,
    insert_in_the_middle,
    swap_two,
    copy_from_another_team,
    rewrite_all_without_the_key,
    rewrite_with_the_key,
    edit_a_decision,
    delete_a_submission,
    add_a_decision,
    move_the_head,
    empty_the_table,
]
ONLY_BY_AN_ANCHOR = {delete_tail_and_mend_the_head, rewrite_with_the_key}


@pytest.fixture
def anchored(chain, other, settings, tmp_path):
    settings.ANCHOR_FILE = tmp_path / "anchors.jsonl"
    anchors.append(Chain.objects.all())
    chain.refresh_from_db()
    return chain


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
def test_tampering_is_found_and_named(anchored, other, settings, tamper):
    assert verdict(anchors=settings.ANCHOR_FILE)[0] == 0
    expected = tamper(anchored, other)
    code, says = verdict(anchors=settings.ANCHOR_FILE)
    assert code == 1
    assert expected in says
    if tamper is not empty_the_table:
        assert f"{other}: 1 events hold" in says, "the ledger of another team is not blamed"


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
def test_only_two_kinds_need_an_anchor(anchored, other, tamper):
    tamper(anchored, other)
    # A cut that takes the event of a record with it leaves the record untold; these are late.
    assert (verdict()[0] == 0) == (tamper in ONLY_BY_AN_ANCHOR)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("facts", "nothing", "event 3 was changed"),
        ("at", "nothing", "event 3 was changed"),
        ("at", "2026-13-45 10:00:00", "cannot be read"),
    ],
)
def test_what_is_no_time_and_no_json_is_named_too(anchored, column, value, says):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL stores neither")
    sql("PRAGMA ignore_check_constraints = ON")
    sql(f"UPDATE projects_event SET {column} = %s WHERE seq = 3", value)
    sql("PRAGMA ignore_check_constraints = OFF")
    code, told = verdict()
    assert code == 1
    assert says in told


def test_a_head_noted_on_paper_proves_the_same(anchored):
    note = f"{anchored.seq}:{anchored.head[:16]}"
    assert verdict(anchor=[note])[0] == 0
    delete_tail_and_mend_the_head(anchored, None)
    code, says = verdict(anchor=[note])
    assert code == 1
    assert "no ledger has this event any more" in says


def test_a_whole_ledger_that_is_gone_is_found_by_its_records_and_by_an_anchor(anchored, settings):
    sql("DELETE FROM projects_event WHERE chain_id = %s", anchored.pk)
    sql("DELETE FROM projects_chain WHERE id = %s", anchored.pk)
    code, says = verdict(anchors=settings.ANCHOR_FILE)
    assert code == 1
    assert "has no ledger" in says
    assert f"Ledger {anchored.pk} was anchored and is gone" in says


def test_a_clock_that_went_back_is_told_and_is_no_fault(anchored, project, analyst, monkeypatch):
    from django.db import transaction

    from apps.projects import ledger

    monkeypatch.setattr(ledger, "_now", lambda: Event.objects.earliest("at").at)
    with transaction.atomic():
        ledger.record("test.late", "Late", actor=analyst, project=project)
    code, says = verdict()
    assert code == 0
    assert f"The clock went back at event {anchored.seq + 1}" in says
