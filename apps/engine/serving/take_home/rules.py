# mypy: allow-untyped-defs, allow-untyped-calls
"""The rules of the data contract on one row (a dict, None where missing). Needs nothing."""

from datetime import datetime


def broken_by(row, rules, steps):
    """The rules that a row breaks, each with its sentence. ``steps``: the file of this name."""
    found = []
    for rule in rules:
        if all(name in row for name in rule["columns"]) and _breaks(row, rule, steps):
            told = ", ".join(f"{name} = {_shown(row[name])}" for name in rule["columns"][:6])
            found.append((rule, f"the data contract says: {rule['says']} Here {told}."))
    return found


def _breaks(row, rule, steps):
    """Missing breaks only the rule that a column is filled: what is not known is not wrong."""
    if rule["kind"] == "holds":
        data, missing = steps.computed(rule["tree"], row)
        return not missing[0] and not data[0]
    value = row[rule["columns"][0]]
    if rule["kind"] == "filled":
        return value is None
    if value is None:
        return False
    if rule["kind"] == "one_of":
        return value not in rule["values"]
    low, high = steps.revived(rule["low"]), steps.revived(rule["high"])
    return (low is not None and value < low) or (high is not None and value > high)


def _shown(value):
    if value is None:
        return "missing"
    if isinstance(value, str):
        return '"' + "".join(sign if sign.isprintable() else "\ufffd" for sign in value[:40]) + '"'
    if isinstance(value, datetime):
        return value.isoformat()
    return f"{value:.10g}" if isinstance(value, float) else str(value).lower()
