"""The OpenAPI 3.1 description of one endpoint, made from its contract."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from apps.engine.serving.contract import Contract
from apps.engine.serving.openapi_refusals import refusals
from apps.engine.serving.openapi_schemas import ALL_OR_NOTHING, Caps, schemas

EXAMPLE_ID = "0b6e3f52-6a0c-4f3e-9d51-2f1f6f0c7a10"
_BATCH = {
    "name": "batch",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
    "description": "The number that the start of the batch was answered with.",
}


def openapi(
    contract: Contract,
    *,
    slug: str,
    release: int,
    base: str,
    classes: Sequence[str],
    caps: Caps | None = None,
    sets: bool = False,
    level: float | None = None,
    scoring: str = "",
    reply: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Describe every door of an endpoint: predict, actuals, batches, contract.

    Parameters
    ----------
    contract : of the release that answers
    base : address of the API without the endpoint, such as https://host/api/v1
    classes : what is answered; empty where the answer is a number
    caps : how much is taken; None: what an installation takes that says nothing else
    sets : an answer is a list of some of ``classes``, which are labels
    scoring : as ``base``, where predictions are answered at another address
    level : the quantile that an answered number is, 0 to 1; None for the mean and for classes
    reply : what the contract's example is answered with, shown as the example

    Returns
    -------
    dict
        JSON-ready. Limits of training stand in descriptions, since rows beyond them are answered,
        with a warning.
    """
    caps = caps or Caps()
    one = f"/deployments/{slug}"
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Predictions of {slug}",
            "version": str(release),
            "description": f"Release {release}. Send the endpoint's token with each call: it "
            f"may call {caps.calls_a_minute:,} times a minute.",
        },
        "servers": [{"url": base}],
        "security": [{"token": []}],
        "paths": {
            f"{one}/predict": {"post": _predict(contract, caps, reply, scoring)},
            f"{one}/actuals": {"post": _actuals(caps, reply)},
            f"{one}/batches": {"post": _start(contract, caps, _begun(one, reply))},
            f"{one}/batches/{{batch}}": {"get": _batch(_ended(one, reply))},
            f"{one}/batches/{{batch}}.csv": {
                "get": _answers("CSV", {"text/csv": {"schema": {"type": "string"}}})
            },
            f"{one}/batches/{{batch}}.parquet": {
                "get": _answers("Parquet", {"application/octet-stream": {}})
            },
            f"{one}/contract": {
                "get": _operation("contract", "What a row looks like", content=_json("Contract"))
            },
            f"{one}/openapi.json": {
                "get": _operation(
                    "description",
                    "This description",
                    content={"application/json": {"schema": {"type": "object"}}},
                )
            },
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas(contract, classes, caps, sets=sets, level=level),
        },
    }


def _predict(
    contract: Contract, caps: Caps, reply: Mapping[str, Any] | None, scoring: str
) -> dict[str, Any]:
    says = (
        f"At most {caps.rows:,} rows and {caps.body_mb} MB in a call, and {caps.rows_a_minute:,} "
        'rows a minute. {"row": {…}}, a bare object and a bare list of rows are taken too. Keep '
        "each id: what really happened is matched by it."
    )
    told = _operation(
        "predict",
        "Rows in, predictions out: all are answered, or none",
        says=says,
        content=_json("Answer", reply),
        body=_json("Call", {"rows": [contract.example()]}),
    )
    return {**told, "servers": [{"url": scoring}]} if scoring else told


def _actuals(caps: Caps, reply: Mapping[str, Any] | None) -> dict[str, Any]:
    answered = reply["predictions"] if reply else []
    rows = [{"prediction_id": row["id"], "value": row["prediction"]} for row in answered]
    told = {"accepted": len(rows), "known_before": 0} if rows else None
    return _operation(
        "actuals",
        "Tell what really happened",
        says=f"At most {caps.actuals:,} at once, and all are kept or none. The same value may be "
        "sent again; another one for the same prediction is refused.",
        content=_json("Accepted", told),
        body=_json("Actuals", {"rows": rows} if rows else None),
    )


def _start(contract: Contract, caps: Caps, begun: Mapping[str, Any] | None) -> dict[str, Any]:
    file = {"schema": {"type": "string"}, "example": _csv([contract.example()])}
    says = (
        "Either the bytes of a file as the body, with its name as filename in the address: CSV, "
        "Excel, JSON or Parquet, any content type. Or JSON that names a version of a source. "
        f"At most {caps.file_mb:,} MB and {caps.batches_a_minute} batches a minute. The columns of "
        "a row are found by name; others stand in the answers as they came."
    )
    told = _operation(
        "startBatch",
        "Score a file or a table in the background, each row by itself",
        says=says,
        content=_json("Batch", begun),
        status="202",
        body={
            "text/csv": file,
            "application/octet-stream": {},
            **_json("Version", {"source": "customers", "version": 1}),
        },
    )
    told["parameters"] = [
        {
            "name": "filename",
            "in": "query",
            "schema": {"type": "string"},
            "description": "The name of the file, where the body is one.",
        },
        {
            "name": "all_or_nothing",
            "in": "query",
            "schema": {"type": "string", "enum": ["0", "1"], "default": "0"},
            "description": f"{ALL_OR_NOTHING} For a file.",
        },
    ]
    return told


def _batch(ended: Mapping[str, Any] | None) -> dict[str, Any]:
    says = "Ask every few seconds until state is neither waiting nor running."
    told = _operation(
        "batch", "How far a batch of this token is", says=says, content=_json("Batch", ended)
    )
    return {**told, "parameters": [_BATCH]}


def _begun(one: str, reply: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the start of the example is answered with."""
    if reply is None:
        return None
    return {
        "batch": 1,
        "release": reply["release"],
        "model": reply["model"],
        "state": "waiting",
        "done": 0,
        "total": 0,
        **dict.fromkeys(("problem", "rows", "answered", "refused")),
        "reasons": [],
        "address": f"/api/v1{one}/batches/1",
        "answers": {},
    }


def _ended(one: str, reply: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The same batch once its one row is answered."""
    begun = _begun(one, reply)
    if begun is None:
        return None
    files = {kind: f"{begun['address']}.{kind}" for kind in ("csv", "parquet")}
    counts = {"done": 1, "total": 1, "rows": 1, "answered": 1, "refused": 0}
    return {**begun, **counts, "state": "done", "answers": files}


def _answers(name: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """The file of answers; its columns are those of ``batch.score_file``."""
    told = _operation(
        f"batchAs{name.title()}",
        f"All rows of a batch with their answers, as {name}",
        says="Columns: row (from 1), those of the file as they came, release, prediction, the "
        "probability of each class, warnings, refused. Sensitive cells are taken out.",
        content=content,
    )
    return {**told, "parameters": [_BATCH]}


def _operation(
    name: str,
    summary: str,
    *,
    content: Mapping[str, Any],
    says: str = "",
    status: str = "200",
    body: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A door: what it takes, what it answers where it does not refuse, its refusals."""
    good = {"description": "Answered." if status == "200" else "Begun.", "content": dict(content)}
    told: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "responses": {status: good, **refusals(name)},
    }
    if says:
        told["description"] = says
    if body:
        told["requestBody"] = {"required": True, "content": dict(body)}
    return told


def _json(name: str, example: Mapping[str, Any] | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    if example is not None:
        told["example"] = example
    return {"application/json": told}


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as a file with a header, as one would send it; a gap is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
