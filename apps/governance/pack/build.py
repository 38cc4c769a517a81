"""Putting a pack together: files, the event that vouches for them, the ledger up to that event.

The hash of all files outside of ``ledger/`` stands in an event, so whoever trusts the hash of that
event (an anchor) has proof of every byte. Why so: docs/decisions/0015.
"""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

from apps.governance.pack.page import STYLE, pdf_of, signature_sheet
from apps.governance.pack.readme import readme
from apps.governance.pack.records import records_of, stages_upto
from apps.governance.pages import signed_page
from apps.projects.canonical import canonical, content_hash
from apps.projects.links import Line, body_of
from apps.projects.models import Cycle, Decision, Event, Project

FORMAT = "mlcycle-pack-1"
VERIFIER = Path(__file__).with_name("verify.py")
_DATE = (1980, 1, 1, 0, 0, 0)  # the same files are the same bytes, whenever they are packed


def files_of(cycle: Cycle, stage: str, decision: Decision | None) -> dict[str, bytes]:
    """Everything but ledger and manifest, by its name in the pack.

    ``stage`` is empty for a whole cycle; then each decision has its page.
    """
    decisions = (
        [decision]
        if decision
        else list(
            cycle.decisions.filter(stage__in=stages_upto(stage)).select_related("met__person")
        )
    )
    files, pdf_is_there = records_of(cycle, stage), True
    for one in decisions:
        name, page = f"pages/{one.stage}-{one.number}", signature_sheet(one)
        files[f"{name}.html"] = page
        read = signed_page(one)  # empty where a program took an approval back
        if read:
            files[f"{name}.signed.html"] = read
        pdf = pdf_of(page)
        if pdf is None:
            pdf_is_there = False
        else:
            files[f"{name}.pdf"] = pdf
    files["pages/page.css"] = STYLE
    files["verify.py"] = VERIFIER.read_bytes()
    files["README.txt"] = readme(cycle, stage, has_pdf=pdf_is_there)
    return files


def contents_of(files: Mapping[str, bytes]) -> str:
    """The hash that stands in the event."""
    return content_hash({name: _sha256(data) for name, data in files.items()})


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def hidden_from(project: Project) -> QuerySet[Event]:
    """Events whose body a pack of this project does not give: those of other projects."""
    return Event.objects.filter(project__isnull=False).exclude(project=project)


def _public(line: Line, project: Project) -> dict[str, Any]:
    """An event as the pack gives it: of other projects nothing but hashes.

    Seals are left out: nobody can check them who gets a pack, so they could be anything.
    """
    told: dict[str, Any] = {
        "seq": line.seq,
        "previous": line.previous,
        "key": line.key,
        "hash": line.hash,
    }
    body = body_of(line)
    if line.project_id in (None, project.pk):
        return {**told, "body": body}
    return {**told, "body_sha256": content_hash(body)}


def _write_ledger(path: Path, event: Event, project: Project) -> None:
    lines = Event.objects.filter(chain=event.chain_id, seq__lte=event.seq).order_by("seq")
    with path.open("wb") as file:
        for values in lines.values_list(*Line._fields).iterator(chunk_size=2_000):
            file.write(canonical(_public(Line._make(values), project)) + b"\n")


def write_zip(path: Path, files: Mapping[str, bytes], event: Event, project: Project) -> None:
    """Write the pack. ``event`` vouches for ``files`` and is the last line of its ledger."""
    lines = path.with_name("events.jsonl")
    _write_ledger(lines, event, project)
    head = {"chain": event.chain_id, "seq": event.seq, "hash": event.hash}
    ledger = {"head.json": canonical(head), "events.jsonl": lines.read_bytes()}
    whole = {**files, **{f"ledger/{name}": data for name, data in ledger.items()}}
    manifest = {
        "format": FORMAT,
        "files": {name: _sha256(data) for name, data in whole.items()},
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted({**whole, "MANIFEST.json": canonical(manifest)}.items()):
            entry = zipfile.ZipInfo(name, date_time=_DATE)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data, compress_type=zipfile.ZIP_DEFLATED)
