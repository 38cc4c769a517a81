"""The print of a fact in its event: which row, which fields, and their hash.

Without it somebody could rewrite a decision and leave the ledger alone. The fields are named, so
that a column that a later version adds changes no print.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db import models

from apps.projects.canonical import content_hash


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")  # dumpdata keeps no more
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def fields_of(row: models.Model, names: Iterable[str] | None = None) -> dict[str, Any]:
    """Columns of a row, JSON-ready. Raises AttributeError when a named one is not there."""
    wanted = names or [field.attname for field in row._meta.concrete_fields]
    found = {}
    for name in wanted:
        value = getattr(row, name)
        field = next((one for one in row._meta.concrete_fields if one.attname == name), None)
        if field is not None and not field.is_relation and not isinstance(field, models.JSONField):
            value = field.to_python(value)  # 1 and 1.0, a word and its choice: as the database
        found[name] = _plain(value)
    return found


def print_of(row: models.Model) -> dict[str, Any]:
    """What an event says about the row that it is about."""
    fields = fields_of(row)
    return {
        "model": row._meta.label_lower,
        "pk": row.pk,
        "fields": ",".join(sorted(fields)),
        "sha256": content_hash(fields),
    }
