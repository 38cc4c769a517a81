"""Issues that the profile, the study and the leakage radar tell already, with steps added."""

from collections.abc import Iterable, Iterator
from typing import Any

from apps.engine.percent import percent
from apps.engine.profile.findings import MOSTLY_MISSING, is_id_like
from apps.engine.profile.issues.issue import Issue, Suggestion, count, leave_out, shown
from apps.engine.profile.radar import suspects

Told = dict[str, Any]
_LEAK_TITLES = {
    "power": "Tells the target alone",
    "gap": "Its gaps tell the target",
    "known_later": "Known only later",
    "after": "Later than the decision",
    "id": "Names rows",
}
_LEAK = "A model that sees the answer looks good in every test and fails where it is used."
_ROWS_SAY = "Whatever differs between the rows is noise or news: a model cannot know which."


def from_profile(profile: Told) -> Iterator[Issue]:
    """Empty and constant columns, gaps, disguised gaps, infinity, repeated rows."""
    target = (profile["target"] or {}).get("name", "")
    if profile["duplicate_rows"]:
        yield Issue(
            "duplicate_rows",
            "Repeated rows",
            "medium",
            profile["duplicate_rows"],
            f"{profile['duplicate_rows']:,} of {profile['rows']:,} rows are equal to an earlier "
            "row.",
            "A row that comes twice counts twice, and may stand in training and in test.",
            suggests=(Suggestion("Keep one of each", "drop_duplicates", {}),),
        )
    for column in profile["columns"]:
        yield from _of_column(column, rows=profile["rows"], is_target=column["name"] == target)


def _of_column(column: Told, *, rows: int, is_target: bool) -> Iterator[Issue]:
    name = column["name"]
    if column["count"] == 0 or (column["distinct"] == 1 and not column["missing"]):
        empty = column["count"] == 0
        yield Issue(
            "empty" if empty else "constant",
            "Empty column" if empty else "Constant column",
            "medium",
            rows,
            "No row has a value." if empty else f"All {rows:,} rows hold the same value.",
            "It cannot tell rows apart, and costs attention.",
            column=name,
            suggests=(leave_out(name),),
        )
        return
    yield from _gaps(column, is_target=is_target)
    yield from _disguised(column)
    if column.get("infinite"):
        yield Issue(
            "infinite",
            "Infinite numbers",
            "high",
            column["infinite"],
            f"{count(column['infinite'])} with an infinite number.",
            "No model can learn from infinity.",
            column=name,
            suggests=(
                Suggestion(
                    "Set them missing",
                    "cap_values",
                    {"column": name, "low": "-1e300", "high": "1e300", "beyond": "set missing"},
                ),
            ),
        )


def _gaps(column: Told, *, is_target: bool) -> Iterator[Issue]:
    name, missing, share = column["name"], column["missing"], column["missing_share"]
    if not missing:
        return
    if is_target:
        keep = {"column": name, "operator": "is present"}
        yield Issue(
            "target_missing",
            "Rows without target",
            "high",
            missing,
            f"{count(missing)} without target.",
            "Nothing can be learned from them, and nothing tested.",
            column=name,
            suggests=(Suggestion("Keep rows that have one", "filter_rows", keep),),
        )
        return
    signal = Suggestion(
        "Keep it as a signal that it is missing", "flag_missing", {"columns": [name]}
    )
    mostly = share > MOSTLY_MISSING
    yield Issue(
        "mostly_missing" if mostly else "missing",
        "Mostly missing" if mostly else "Missing values",
        "medium" if mostly else "low",
        missing,
        f"{count(missing)} ({percent(share)}) without a value.",
        "A gap may itself be a message. Filling with a median is learned, so the model does it; "
        "filling by a rule belongs here.",
        column=name,
        suggests=(signal, leave_out(name)) if mostly else (signal,),
    )


def _disguised(column: Told) -> Iterator[Issue]:
    hidden = column.get("disguised_missing")
    if not hidden:
        return
    name, rows = column["name"], sum(entry["rows"] for entry in hidden)
    tokens = [entry["value"] for entry in hidden]
    words = [token for token in tokens if token.strip()]
    steps = []
    if len(words) < len(tokens):
        params: Told = {"columns": [name]}
        steps.append(Suggestion("Trim: a blank text becomes missing", "trim_text", params))
    if words:
        params = {"columns": [name], "tokens": words}
        steps.append(Suggestion("Set these values missing", "set_missing", params, True))
    yield Issue(
        "disguised_missing",
        "Disguised missing values",
        "medium",
        rows,
        f"{count(rows)} with a value that often means “missing”.",
        "Read as a value it shifts means, and a number column stays text because of it.",
        column=name,
        examples=shown(f"“{entry['value']}” in {count(entry['rows'])}" for entry in hidden),
        suggests=tuple(steps),
    )


def from_sums(study: Told, *, target: str) -> Iterator[Issue]:
    """One column that is the sum of two others."""
    for rule in study["sums"]:
        total, parts, leaks = (
            rule["total"],
            rule["parts"],
            target in (rule["total"], *rule["parts"]),
        )
        drop = [name for name in (total, *parts) if name != target] if leaks else [total]
        yield Issue(
            "sum",
            "A sum of other columns",
            "high" if leaks else "low",
            rule["rows"],
            f"“{parts[0]}” + “{parts[1]}” = “{total}” in all {rule['rows']:,} rows.",
            f"{_LEAK} The parts give “{target}” away."
            if leaks
            else "It says nothing that its parts do not say.",
            column=parts[0] if leaks and total == target else total,
            others=tuple(name for name in (total, *parts)),
            suggests=(leave_out(*drop),),
        )


def from_radar(profile: Told, study: Told, *, later: Iterable[str]) -> Iterator[Issue]:
    """Columns that may give the target away."""
    columns = {column["name"]: column for column in profile["columns"]}
    target = (profile["target"] or {}).get("name", "")
    for found in suspects(profile, study, later=later):
        if found["key"] not in _LEAK_TITLES:
            continue
        name, is_id = found["column"], found["key"] == "id"
        steps = [leave_out(name)]
        if found["key"] == "gap":
            params = {"columns": [name]}
            steps.append(Suggestion("Keep only whether it is missing", "flag_missing", params))
        yield Issue(
            f"leak_{found['key']}",
            _LEAK_TITLES[found["key"]],
            found["severity"],
            columns[name]["count"],
            _without_classes(found["says"], found["key"], target=target),
            _ROWS_SAY if is_id else _LEAK,
            column=name,
            others=() if is_id else (target,),
            examples=(found["says"],) if found["key"] == "gap" else (),
            suggests=tuple(steps),
        )


def _without_classes(says: str, key: str, *, target: str) -> str:
    if key != "gap":
        return says
    return f"Whether it is filled tells “{target}” almost for certain."


def id_columns(profile: Told) -> list[str]:
    """Columns that name rows."""
    return [column["name"] for column in profile["columns"] if is_id_like(column)]
