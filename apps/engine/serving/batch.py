"""Many rows of a file answered by one release, block by block: each row an answer or a reason.

Rows are checked, replayed and scored as those of a request; a row that is refused stops no other.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from apps.engine.errors import BadFile, EngineError
from apps.engine.labels import joined
from apps.engine.reading.options import Limits
from apps.engine.reading.tables import table_writer
from apps.engine.serving.batch_read import (
    Marks,
    date_formats,
    import_as_text,
    requests_of,
    require_columns,
)
from apps.engine.serving.columns import LEAST_ROWS, check_columns, columns_of
from apps.engine.serving.compile_verify import made_up, verify_many
from apps.engine.serving.contract import Checked, Contract, check_one
from apps.engine.serving.score import Scorer
from apps.engine.training.files import load_model
from apps.engine.types import Problem, Report

BLOCK_ROWS = 4_096
"""So many rows are in memory at once."""
MOST_REASONS = 20
_FIRST_REFUSED = 3
Notes = list[dict[str, Any]]
"""Errors or warnings as ``check_rows`` tells them: row, field, code, message."""


@dataclass
class Told:
    """What became of one row: an answer, or errors; warnings beside an answer."""

    answer: dict[str, Any] | None = None
    errors: Notes = field(default_factory=list)
    warnings: Notes = field(default_factory=list)


def score_file(
    *,
    source: str,
    filename: str,
    is_table: bool,
    target: str,
    unread: str,
    model: str,
    sha256: str,
    contract: dict[str, Any],
    steps: list[dict[str, Any]],
    features: list[dict[str, Any]],
    problem: str,
    positive: str | None,
    threshold: float,
    all_or_nothing: bool,
    hidden: list[str],
    about: dict[str, str],
    release: int,
    report: Report,
) -> dict[str, Any]:
    """Answer each row of a file as the endpoint would, and write a Parquet table of the answers.

    Parameters
    ----------
    source, filename : path of the file and its name; ``is_table``: it is a typed table already
    target : path of the result: ``row`` (from 1), the file's columns as they came, ``release``,
        ``prediction``, ``probability …`` of each class or label, ``warnings``, ``refused``
    unread : path of a CSV file of records that are no rows; written only when there are some
    all_or_nothing : raise BadFile instead of a result when one row is refused
    hidden : columns whose values stand in no warning and in no reason
    about : kept with the Parquet file as its metadata

    Returns
    -------
    dict
        ``rows``, ``answered``, ``refused``, ``warned``, ``unread`` (records), ``reasons`` (of
        refusals, the most frequent first: says, field, code, rows, first), ``columns`` (names as
        they came), ``added`` (what each added column is called).

    Notes
    -----
    Memory: one block of BLOCK_ROWS rows, whatever the size of the file; time O(cells).
    """
    held = Contract.from_dict(contract)
    scorer = Scorer(
        load_model(model, sha256=sha256),
        contract=held,
        steps=steps,
        features=features,
        problem=Problem(problem),
        positive=positive,
        threshold=threshold,
    )
    verify_many(scorer, made_up(held, []))
    table, marks, broken = Path(source), Marks(), 0
    if not is_table:
        table = Path(target).with_suffix(".read")
        marks, broken = import_as_text(
            Path(source),
            table,
            filename=filename,
            unread=Path(unread),
            limits=Limits(),
            report=report,
        )
    schema = pq.read_schema(table)
    require_columns(schema.names, held)
    marks = replace(marks, formats=date_formats(table, held))
    batch = Batch(table, scorer, marks, frozenset(hidden), report)
    if all_or_nothing:
        if broken:
            raise BadFile(f"{broken:,} records have more cells than the header: none is scored.")
        batch.refuse_if_any()
    added = _added(schema.names, scorer.classes)
    tally = batch.write(Path(target), schema, added, release=release, about=about)
    if all_or_nothing and tally.refused:
        raise _none(tally, rows=tally.rows)
    return {**_told(tally), "unread": broken, "columns": list(schema.names), "added": added}


def _added(there: Collection[str], classes: Sequence[str]) -> dict[str, str]:
    """Names of the added columns by what they are; one that the file has gets a number."""
    wanted = ["row", "release", "prediction", "warnings", "refused"]
    taken, names = set(there), {}
    for key in [*wanted, *(f"probability {name}" for name in classes)]:
        name, number = key, 2
        while name in taken:
            name, number = f"{key} ({number})", number + 1
        taken.add(name)
        names[key] = name
    return names


@dataclass
class Tally:
    """What became of all rows so far."""

    rows: int = 0
    refused: int = 0
    warned: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    def add(self, told: Told, says: str) -> None:
        """Count one more row; ``says``: why it is refused."""
        self.rows += 1
        self.warned += bool(told.warnings and told.answer)
        if told.answer is not None:
            return
        self.refused += 1
        if len(self.examples) < _FIRST_REFUSED:
            self.examples.append(f"Row {self.rows:,}: {says}")
        for key in {(error["field"] or "", error["code"]) for error in told.errors}:
            self.reasons[key] += 1
            self.first.setdefault(key, (self.rows, says))

    def listed(self) -> list[dict[str, Any]]:
        """The most frequent reasons, each with the first row that has it."""
        return [
            {
                "field": name,
                "code": code,
                "rows": rows,
                "first": self.first[name, code][0],
                "says": self.first[name, code][1],
            }
            for (name, code), rows in self.reasons.most_common(MOST_REASONS)
        ]


def _told(tally: Tally) -> dict[str, Any]:
    return {
        "rows": tally.rows,
        "answered": tally.rows - tally.refused,
        "refused": tally.refused,
        "warned": tally.warned,
        "reasons": tally.listed(),
    }


def _none(tally: Tally, *, rows: int) -> BadFile:
    return BadFile(
        f"{tally.refused:,} of {rows:,} rows are refused, so none is scored. "
        f"{' '.join(tally.examples)} Mend them, or choose to have the others scored."
    )


@dataclass
class Batch:
    """A table of rows, and who answers them."""

    table: Path
    scorer: Scorer
    marks: Marks
    hidden: frozenset[str]
    report: Report

    def refuse_if_any(self) -> None:
        """Check all rows before one is scored. Raises BadFile with the first that are refused."""
        tally = Tally()
        for requests, _ in self._blocks("checked"):
            for told in checked(requests, self.scorer.contract)[0]:
                told.answer = None if told.errors else {}
                tally.add(told, self._says(told.errors))
        if tally.refused:
            raise _none(tally, rows=tally.rows)

    def write(
        self,
        target: Path,
        schema: pa.Schema,
        added: Mapping[str, str],
        *,
        release: int,
        about: Mapping[str, str],
    ) -> Tally:
        """Score block by block into the file of answers."""
        number = self.scorer.problem == Problem.REGRESSION
        whole = _schema(schema, added, number=number).with_metadata(dict(about))
        tally, first = Tally(), 1
        with table_writer(target, schema=whole) as writer:
            for requests, batch in self._blocks("scored"):
                found = answered(requests, self.scorer)
                refusals = [self._says(told.errors) for told in found]
                for told, says in zip(found, refusals, strict=True):
                    tally.add(told, says)
                columns: dict[str, Any] = {
                    "row": range(first, first + len(found)),
                    "release": [release] * len(found),
                    "prediction": [_shown(told.answer) for told in found],
                    "warnings": [self._says(told.warnings) or None for told in found],
                    "refused": [says or None for says in refusals],
                    **_chances(found, self.scorer.classes),
                }
                ours = {added[key]: values for key, values in columns.items()}
                arrays = [
                    pa.array(ours[each.name], each.type)
                    if each.name in ours
                    else batch.column(each.name)
                    for each in whole
                ]
                writer.write_batch(pa.record_batch(arrays, schema=whole))
                first += len(found)
        return tally

    def _blocks(self, done: str) -> Iterator[tuple[list[dict[str, Any]], pa.RecordBatch]]:
        """Rows as requests beside their cells; progress is told in rows."""
        with pq.ParquetFile(self.table) as file:
            total, seen = file.metadata.num_rows, 0
            for batch in file.iter_batches(batch_size=BLOCK_ROWS):
                yield requests_of(batch, self.scorer.contract, self.marks), batch
                seen += batch.num_rows
                self.report(seen, total, f"{seen:,} of {total:,} rows {done}")

    def _says(self, notes: Notes) -> str:
        """Errors or warnings in sentences; those about hidden columns tell no value."""
        return " ".join(self._note(note) for note in notes)

    def _note(self, note: Mapping[str, Any]) -> str:
        name, says = note["field"], str(note["message"])
        if name is None and self.hidden & set(self.scorer.contract.names):
            return "A step of the recipe speaks of this row."  # its sentence may tell a value
        if name in self.hidden or any(each in says for each in self.hidden):
            return f'"{name}" is not as it should be ({note["code"]}).'
        return says


def _schema(schema: pa.Schema, added: Mapping[str, str], *, number: bool) -> pa.Schema:
    kinds: dict[str, pa.DataType] = {
        "row": pa.int64(),
        "release": pa.int64(),
        "prediction": pa.float64() if number else pa.string(),
        "warnings": pa.string(),
        "refused": pa.string(),
    }
    ours = {key: (name, kinds.get(key, pa.float64())) for key, name in added.items()}
    chances = [ours[key] for key in added if key not in kinds]
    behind = [ours["release"], ours["prediction"], *chances, ours["warnings"], ours["refused"]]
    return pa.schema([ours["row"], *((each.name, each.type) for each in schema), *behind])


def _shown(answer: Mapping[str, Any] | None) -> Any:
    """The prediction as a cell: a set of labels in the one notation."""
    if answer is None:
        return None
    told = answer["prediction"]
    return joined(told) if isinstance(told, list) else told


def _chances(found: Sequence[Told], classes: Sequence[str]) -> dict[str, list[float | None]]:
    return {
        f"probability {name}": [
            told.answer["probabilities"][name] if told.answer else None for told in found
        ]
        for name in classes
    }


def answered(requests: Sequence[dict[str, Any]], scorer: Scorer) -> list[Told]:
    """What becomes of each row: ``predict`` of it, or why it is refused."""
    many = _by_columns(requests, scorer)
    if many is not None:
        return many
    found, rows = checked(requests, scorer.contract)
    places = [place for place, row in enumerate(rows) if row is not None]
    _score([row for row in rows if row is not None], [found[place] for place in places], scorer)
    return found


def _by_columns(requests: Sequence[dict[str, Any]], scorer: Scorer) -> list[Told] | None:
    """All rows at once, as large requests are answered; None where something is wrong."""
    if scorer.many is None or len(requests) < LEAST_ROWS:
        return None
    told = check_columns(requests, scorer.contract)
    if told is None or told[1].unlisted:  # a warning that is only counted would be lost
        return None
    try:
        answers, warned = scorer.answers_of(scorer.many, told[0])
    except EngineError:
        return None
    found = [Told(answer) for answer in answers]
    for warning in told[1].warnings:
        found[warning["row"] - 1].warnings.append(warning)
    _warn(found, warned)
    return found


def checked(
    requests: Sequence[dict[str, Any]], contract: Contract
) -> tuple[list[Told], list[dict[str, Any] | None]]:
    """Errors and warnings of each row by itself, and the rows in the contract's types."""
    found, rows = [Told() for _ in requests], []
    for told, request in zip(found, requests, strict=True):
        row = contract.usual(request)
        if row is None:
            outcome = Checked()
            check_one(1, request, contract, outcome)
            told.errors, told.warnings = outcome.errors, outcome.warnings
            row = None if outcome.errors else outcome.rows[0]
        rows.append(row)
    return found, rows


def _score(rows: Sequence[dict[str, Any]], found: Sequence[Told], scorer: Scorer) -> None:
    """Put the answers of checked rows into ``found``; a refused one is found by halving."""
    if not rows:
        return
    try:
        if scorer.many is not None and len(rows) >= LEAST_ROWS:
            answers, warned = scorer.answers_of(scorer.many, columns_of(rows, scorer.contract))
        else:
            answers, warnings = scorer.predict(rows)
            warned = [(note["row"], note["message"]) for note in warnings]
    except EngineError as error:
        if len(rows) == 1:
            note = {"row": 1, "field": None, "code": "step", "message": str(error)}
            found[0].errors.append(note)
            return
        half = len(rows) // 2
        _score(rows[:half], found[:half], scorer)
        _score(rows[half:], found[half:], scorer)
        return
    for told, answer in zip(found, answers, strict=True):
        told.answer = answer
    _warn(found, warned)


def _warn(found: Sequence[Told], warned: Sequence[tuple[int, str]]) -> None:
    """Add the warnings of the recipe's row filters, which are about no single field."""
    for number, says in warned:
        note = {"row": number, "field": None, "code": "outside_filter", "message": says}
        found[number - 1].warnings.append(note)
