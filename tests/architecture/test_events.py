"""The kinds by which the ledger is filtered are those of the events that the code writes."""

import ast
from pathlib import Path

from apps.governance.queries import EVENT_KINDS

ROOT = Path(__file__).resolve().parents[2]
WRITERS = {"ledger.record", "tell"}  # tell is the short way of a room


def written() -> list[str]:
    """First argument, as source, of every call that writes an event."""
    return [
        ast.unparse(node.args[0])
        for path in sorted((ROOT / "apps").rglob("*.py"))
        if "engine" not in path.parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in WRITERS
    ]


def test_every_kind_of_event_can_be_filtered_and_every_filter_finds_some():
    verbs = written()
    assert len(verbs) > 35
    computed = [verb for verb in verbs if not verb.startswith("'")]
    assert set(computed) == {"verb"}, "write the verb where the event is written"
    kinds = {ast.literal_eval(verb).split(".")[0] + "." for verb in verbs if verb != "verb"}
    assert kinds == {prefix for prefix, _ in EVENT_KINDS}
