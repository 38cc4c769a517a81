"""The log of calls: every answered call is taken up exactly once, whenever somebody dies."""

import json
import os
import uuid

import pytest
from django.db import DatabaseError

from apps.production.endpoint import predicting, serving
from apps.production.log import segments, taking, tallying
from apps.production.models import Actual, AnswerSum, Call, Prediction, Segment
from tests.production.conftest import told


@pytest.fixture
def post(caller, row):
    """Predict without taking the log up: ids of the answers."""

    def send(rows=1, **but):
        body = json.dumps({"rows": [{**row, **but}] * rows}).encode()
        environ = caller.environ(body)
        reply = predicting.reply_to(environ, slug=caller.slug)
        assert reply.status == 200, reply.body
        return [answer["id"] for answer in json.loads(reply.body)["predictions"]]

    yield send
    segments.WRITER.close()


def in_database():
    return sorted(str(key) for key in Prediction.objects.values_list("pk", flat=True))


def test_an_answer_is_in_a_file_before_it_is_taken_up_and_in_the_database_after(post, settings):
    ids = post(rows=2) + post()
    assert in_database() == []
    (segment,) = settings.CALL_LOG.glob("*.log")
    assert all(key in segment.read_text() for key in ids)
    assert taking.take_up() == 2
    assert in_database() == sorted(ids)
    assert list(Call.objects.order_by("at").values_list("rows", flat=True)) == [2, 1]
    assert taking.take_up() == 0
    assert in_database() == sorted(ids)


def test_many_rows_are_answered_and_kept_as_they_are_one_by_one(caller, release, row, monkeypatch):
    rows = [{**row, "distance": 60 + place, "at": "2026-01-02 03:04"} for place in range(40)]
    rows[7] |= {"desk": " west ", "distance": 900}  # never seen, and far out of range
    rows[8] |= {"distance": None, "stops": 3.0}

    def asked():
        reply = predicting.reply_to(
            caller.environ(json.dumps({"rows": rows}).encode()), slug=caller.slug
        )
        taking.take_up()
        answer = json.loads(reply.body)
        kept = {str(item.pk): item.row for item in Prediction.objects.all()}
        return answer["warnings"], [
            ({name: each[name] for name in each if name != "id"}, kept[each["id"]])
            for each in answer["predictions"]
        ]

    scorer = serving.scorer_for(release)
    assert scorer.many is not None
    monkeypatch.setattr(scorer, "compiled_rows", 0)
    by_columns = asked()
    monkeypatch.setattr(scorer, "many", None)
    one_by_one = asked()
    assert by_columns[0] == one_by_one[0]
    assert [kept for _, kept in by_columns[1]] == [kept for _, kept in one_by_one[1]]
    for (one, _), (other, _) in zip(by_columns[1], one_by_one[1], strict=True):
        assert one["prediction"] == other["prediction"]
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-9)
    segments.WRITER.close()


def test_a_segment_in_use_stays_and_a_complete_one_is_removed_with_its_place(post, settings):
    first = post()
    taking.take_up()
    assert Segment.objects.count() == len(list(settings.CALL_LOG.iterdir())) == 1
    segments.WRITER.close()  # as the end of the process does
    second = post()
    taking.take_up()
    assert [path.name for path in settings.CALL_LOG.iterdir()] == [Segment.objects.get().name]
    assert in_database() == sorted(first + second)


def test_a_taker_that_dies_before_its_commit_leaves_nothing_and_the_next_one_takes_all(
    post, monkeypatch
):
    ids = post(rows=3)

    def die(self, **how):
        raise DatabaseError("killed")

    with monkeypatch.context() as broken:
        broken.setattr(Segment, "save", die)  # the last write of the transaction
        with pytest.raises(DatabaseError):
            taking.take_up()
    assert in_database() == []
    taking.take_up()
    assert in_database() == sorted(ids)


def test_a_file_that_stayed_after_its_rows_were_taken_up_adds_nothing(post):
    """A database that was set back to before the place was written, say."""
    ids = post(rows=3)
    taking.take_up()
    Segment.objects.all().delete()
    taking.take_up()
    assert in_database() == sorted(ids)
    assert Call.objects.count() == 1


def test_an_id_that_two_calls_gave_at_the_same_moment_is_kept_and_counted_once(post, release):
    (key,) = post(rows=1)
    (segment,) = segments.segments()
    record = json.loads(segments.record_of(segment.read_bytes()))
    again = {**record, "call": str(uuid.uuid4())}
    segments.WRITER.append(json.dumps(again).encode())
    assert taking.take_up() == 2
    assert in_database() == [key]
    assert str(Prediction.objects.get().call_id) == record["call"]
    assert Call.objects.count() == 2
    sums = kept_sums(release)
    assert sum(line["rows"] for line in sums["answers"]) == 1
    assert [line["calls"] for line in sums["calls"]] == [2]
    tallying.recount(release.deployment)
    assert kept_sums(release) == sums


def kept_sums(release):
    """All sums of the log of calls, without their keys."""
    hidden = {"id"}
    return {
        name: [
            {field: value for field, value in line.items() if field not in hidden}
            for line in lines.values()
        ]
        for name, lines in (
            ("calls", release.deployment.call_sums.order_by("start", "release")),
            ("answers", AnswerSum.objects.filter(release=release).order_by("day", "told")),
        )
    }


def test_rows_that_another_process_puts_in_meanwhile_leave_nothing_half_done(post, monkeypatch):
    ids = post(rows=2)
    monkeypatch.setattr(taking, "there", lambda model, keys: iter(()))
    taking.take_up()
    Segment.objects.all().delete()  # its lines come again, and nobody says that they are there
    with pytest.raises(DatabaseError, match="took up the same ids"):
        taking.take_up()
    assert in_database() == sorted(ids)
    monkeypatch.undo()
    taking.take_up()
    assert Call.objects.count() == 1


def test_a_torn_last_line_is_left_out_and_the_others_are_taken_up(post, settings, caplog):
    ids = post()
    segments.WRITER.close()
    (segment,) = settings.CALL_LOG.glob("*.log")
    with segment.open("ab") as file:
        file.write(segment.read_bytes()[:100])
    taking.take_up()
    assert in_database() == ids
    assert not segment.exists()
    assert "is torn" in caplog.text


def test_a_damaged_line_is_kept_aside_and_told_and_the_others_are_taken_up(post, settings, caplog):
    bad, good = post()[0], post()[0]
    segments.WRITER.close()
    (segment,) = settings.CALL_LOG.glob("*.log")
    segment.write_bytes(segment.read_bytes().replace(bad.encode(), str(uuid.uuid4()).encode()))
    taking.take_up()
    assert in_database() == [good]
    (aside,) = settings.CALL_LOG.iterdir()
    assert aside.suffix == ".broken"
    assert aside.read_bytes().count(b"\n") == 1
    assert str(aside) in caplog.text


def test_a_call_of_a_release_that_the_database_does_not_know_is_kept_aside(post, settings):
    ids = post()
    segments.WRITER.append(
        json.dumps({"deployment": 1, "release": 10**6, "token": None}).encode(),
    )
    taking.take_up()
    assert in_database() == ids
    assert [path.suffix for path in sorted(settings.CALL_LOG.iterdir())] == [".broken", ".log"]


def test_an_actual_that_comes_before_its_prediction_was_taken_up_is_kept(post, caller):
    (key,) = post()
    answer = caller.post("actuals", {"rows": [{"prediction_id": key, "value": "yes"}]})
    assert answer.json() == {"accepted": 1, "known_before": 0}
    assert str(Actual.objects.get().prediction_id) == key


def test_a_call_that_cannot_be_logged_is_not_answered(caller, row, monkeypatch):
    def full(file, line):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    environ = caller.environ(json.dumps({"rows": [row]}).encode())
    reply = predicting.reply_to(environ, slug=caller.slug)
    assert reply.status == 503
    assert json.loads(reply.body)["error"]["code"] == "not_logged"


def test_what_a_full_disk_left_of_a_line_is_cut_off(post, caller, row, monkeypatch, settings):
    ids = post()
    write = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda file, line: write(file, line[:40]))
        environ = caller.environ(json.dumps({"rows": [row]}).encode())
        assert predicting.reply_to(environ, slug=caller.slug).status == 503
    ids += post()
    assert [path.read_bytes().count(b"\n") for path in settings.CALL_LOG.glob("*.log")] == [1, 1]
    taking.take_up()
    assert in_database() == sorted(ids)


def test_with_the_setting_every_line_is_forced_to_the_disk(post, settings, monkeypatch):
    forced = []
    monkeypatch.setattr(os, "fdatasync", forced.append)
    post()
    assert forced == []
    settings.CALL_LOG_FSYNC = True
    post()
    assert len(forced) == 1


def test_a_segment_that_is_large_or_old_is_followed_by_another(post, settings, monkeypatch):
    post()
    monkeypatch.setattr(segments, "MOST_BYTES", 1)
    post()
    monkeypatch.setattr(segments, "MOST_BYTES", 10**9)
    post()
    monkeypatch.setattr(segments.WRITER, "_until", 0.0)
    post()
    assert len(list(settings.CALL_LOG.glob("*.log"))) == 3
    assert taking.take_up() == 4


@pytest.mark.parametrize("read_bytes", [1, 10_000])
def test_a_segment_is_taken_up_in_pieces(post, monkeypatch, read_bytes):
    monkeypatch.setattr(segments, "READ_BYTES", read_bytes)
    ids = [key for _ in range(5) for key in post()]
    assert taking.take_up() == 5
    assert in_database() == sorted(ids)


# --- Ids that the caller gives --------------------------------------------------------------


def test_the_same_id_again_gets_the_first_answer_and_is_kept_once(caller, row):
    key = str(uuid.uuid4())
    first = caller.post("predict", {"rows": [row], "ids": [key]}).json()
    again = caller.post("predict", {"rows": [row], "ids": [key.upper()]}).json()
    alone = caller.post("predict", {"row": row, "id": key}).json()
    assert first["predictions"] == again["predictions"] == alone["predictions"]
    assert first["predictions"][0]["id"] == key
    assert in_database() == [key]
    assert Call.objects.count() == 3


def test_a_known_id_among_new_ones_keeps_its_place(caller, row):
    keys = [str(uuid.uuid4()) for _ in range(3)]
    caller.post("predict", {"rows": [row], "ids": [keys[1]]})
    answer = caller.post("predict", {"rows": [row] * 3, "ids": keys}).json()
    assert [item["id"] for item in answer["predictions"]] == keys
    assert in_database() == sorted(keys)


def test_an_id_that_belongs_to_another_row_is_refused(caller, row):
    key = str(uuid.uuid4())
    caller.post("predict", {"rows": [row], "ids": [key]})
    other = {**row, "distance": 1.5}
    answer = caller.post("predict", {"rows": [row, other], "ids": [str(uuid.uuid4()), key]})
    assert told(answer) == (409, "id_taken", None, 2)
    assert in_database() == [key]


KEY = "5f1c1d5e-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("ids", "status", "code", "number"),
    [
        ("x", 400, "bad_shape", None),
        ([], 422, "bad_id", None),
        (["x"], 422, "bad_id", 1),
        ([7], 422, "bad_id", 1),
        ([None], 422, "bad_id", 1),
        ([KEY, KEY.upper()], 422, "bad_id", 2),
    ],
)
def test_bad_ids_are_one_clear_error(ids, status, code, number, caller, row):
    answer = caller.post("predict", {"rows": [row] * max(1, len(ids)), "ids": ids})
    assert told(answer) == (status, code, None, number)
    assert in_database() == []
