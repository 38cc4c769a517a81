"""What a worker does with a query: fetch the answer, keep it, read it as a file is read."""

from django.conf import settings

from apps.datasets.connections import address_of
from apps.datasets.models import Version
from apps.datasets.quota import require_room
from apps.datasets.storage import keep, scratch
from apps.datasets.work import typed, write_reading
from apps.jobs.models import Job
from apps.jobs.runner import Desk


def run_query(job: Job, desk: Desk) -> None:
    """Stream the rows into a file of exact text, in a limited child; then as ``read_version``.

    The file is the original of this version, and its SHA-256 that of what was read.
    """
    versions = Version.objects.select_related("source__project__team", "query__connection__team")
    version = versions.get(job=job)
    query = version.query
    assert query is not None, "the version was asked for by a query"
    with scratch() as folder:
        answer = folder / "answer.parquet"
        told = desk.child(
            "apps.engine.reading.database.fetch:fetch_answer",
            address=address_of(query.connection),
            sql=query.sql,
            parameters=query.parameters,
            target=str(answer),
            timeout_s=settings.SQL_TIMEOUT_S,
            most_rows=settings.SQL_ROWS,
        )
        sha256, size_bytes = keep(answer), answer.stat().st_size
        report = typed(version, answer, desk=desk, folder=folder)
    asked = f"Read from “{query.connection}” ({told['server']}), in a read-only transaction."
    report["explanations"] = [asked, *report["explanations"]]
    with desk.finishing():
        require_room(version.source.project, sha256=sha256, size_bytes=size_bytes)
        version.sha256, version.size_bytes = sha256, size_bytes
        version.save(update_fields=["sha256", "size_bytes"])
        write_reading(version, report, job=job)
