from collections import Counter, defaultdict
from datetime import UTC

from django.db import migrations

from apps.engine.monitoring.service import Tally, period_of

READ_ROWS = 2_000


def sum_up(apps, editor):
    """The sums of the calls and answers that were logged before there were sums."""
    read = {name: apps.get_model("production", name).objects for name in ("Call", "Prediction")}
    _calls(read["Call"], apps.get_model("production", "CallSum"))
    _answers(read["Prediction"], apps.get_model("production", "AnswerSum"))


def _calls(calls, kept):
    sums = defaultdict(Tally)
    found = calls.filter(is_rehearsal=False).order_by()
    for call in found.iterator(chunk_size=READ_ROWS):
        key = (call.deployment_id, call.release_id, period_of(call.at))
        sums[key].add(
            status=call.status, error=call.error, latency_ms=call.latency_ms, rows=call.rows
        )
    for (deployment, release, start), tally in sums.items():
        kept.objects.create(
            deployment_id=deployment,
            release_id=release,
            start=start,
            calls=tally.calls,
            rows=tally.rows,
            errors=tally.errors,
            refused=tally.refused,
            kinds=dict(tally.kinds),
            latency={str(place): count for place, count in tally.latency.items()},
        )


def _answers(predictions, kept):
    lines = Counter()
    found = predictions.filter(call__is_rehearsal=False, release__isnull=False).order_by()
    rows = found.values_list(
        "release", "release__served_with", "at", "prediction", "actual", "actual__value"
    )
    for release, served_with, at, told, known, actual in rows.iterator(chunk_size=READ_ROWS):
        is_number = served_with.get("problem") == "regression"
        told, actual = ("", "") if is_number else (str(told)[:200], str(actual)[:200])
        day, is_known = at.astimezone(UTC).date(), known is not None
        lines[(release, day, told, is_known, actual if is_known else "")] += 1
    for (release, day, told, is_known, actual), count in lines.items():
        kept.objects.create(
            release_id=release, day=day, told=told, is_known=is_known, actual=actual, rows=count
        )


class Migration(migrations.Migration):

    dependencies = [("production", "0007_sums_of_the_log")]

    operations = [migrations.RunPython(sum_up, migrations.RunPython.noop)]
