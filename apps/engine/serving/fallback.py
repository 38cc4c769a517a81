"""What answers in a model's place: one constant, or one question about one column."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from apps.engine.errors import BadParameter
from apps.engine.labels import joined, labels_in
from apps.engine.serving.contract import Contract
from apps.engine.types import Kind

OPERATORS = {
    "at_least": "is at least",
    "at_most": "is at most",
    "is": "is",
}
_ORDERED = (Kind.INTEGER, Kind.NUMBER)


@dataclass(frozen=True)
class Rule:
    """``then`` where the column fits, else ``otherwise``. Without a column: ``then`` for all.

    A missing value does not fit.
    """

    then: Any
    field: str = ""
    operator: str = ""
    value: Any = None
    otherwise: Any = None

    def answer(self, row: Mapping[str, Any]) -> Any:
        """The answer of a checked row."""
        if not self.field:
            return self.then
        return self.then if self._fits(row.get(self.field)) else self.otherwise

    def _fits(self, found: Any) -> bool:
        if found is None:
            return False
        if self.operator == "at_least":
            return bool(found >= self.value)
        if self.operator == "at_most":
            return bool(found <= self.value)
        return bool(found == self.value)

    @property
    def says(self) -> str:
        """The rule as a sentence."""
        if not self.field:
            return f"Always {_told(self.then)}."
        asked = f"{self.field} {OPERATORS[self.operator]} {_told(self.value)}"
        return f"{_told(self.then)} where {asked}, else {_told(self.otherwise)}."

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form; ``Rule(**...)`` rebuilds it."""
        return asdict(self)


def _told(answer: Any) -> Any:
    if isinstance(answer, float) and answer.is_integer():
        return int(answer)
    return joined(answer) if isinstance(answer, list) else answer


def rule_for(
    contract: Contract, rule: Rule, *, classes: tuple[str, ...], sets: bool = False
) -> Rule:
    """The rule in the contract's types. ``classes`` is empty where the answer is a number.

    ``sets``: it answers with a list of some of them, written as "billing; outage" or "(none)".

    Raises
    ------
    BadParameter
        It asks for a column that no request has, compares what has no order, or answers with
        something that the model never answers.
    """
    then = _answer(rule.then, classes, sets)
    if not rule.field:
        return Rule(then)
    item = next((item for item in contract.fields if item.name == rule.field), None)
    if item is None:
        raise BadParameter(f'The rule asks for "{rule.field}", which is no column of a request.')
    if rule.operator not in OPERATORS:
        raise BadParameter("Choose how the rule compares: at least, at most, or is.")
    if rule.operator != "is" and item.kind not in _ORDERED:
        raise BadParameter(f'"{item.name}" is no number: the rule can only ask whether it is one.')
    value = _value(item.name, item.kind, rule.value)
    return Rule(then, item.name, rule.operator, value, _answer(rule.otherwise, classes, sets))


def _value(name: str, kind: Kind, value: Any) -> Any:
    text = str("" if value is None else value).strip()
    if not text:
        raise BadParameter(f'Say with what the rule compares "{name}".')
    if kind == Kind.DATETIME:
        raise BadParameter(f'"{name}" is a date: a rule asks for a number, a text or true/false.')
    if kind == Kind.BOOLEAN:
        if text.lower() not in {"true", "false"}:
            raise BadParameter(f'"{name}" is compared with true or false.')
        return text.lower() == "true"
    return _number(text, f'"{name}" is compared with a number') if kind in _ORDERED else text


def _answer(value: Any, classes: tuple[str, ...], sets: bool) -> Any:
    text = str("" if value is None else _told(value)).strip()
    if not text:
        raise BadParameter("Say what the rule answers.")
    if not classes:
        return _number(text, "The rule answers with a number")
    if sets:
        unknown = sorted(set(labels_in(text)) - set(classes))
        if unknown:
            raise BadParameter(
                f'The rule answers "{unknown[0]}": say some of {", ".join(classes)}.'
            )
        return list(labels_in(text))
    if text not in classes:
        raise BadParameter(f'The rule answers "{text}": say one of {", ".join(classes)}.')
    return text


def _number(text: str, wanted: str) -> float:
    try:
        found = float(text)
    except ValueError:
        raise BadParameter(f'{wanted}, not "{text}".') from None
    if found - found != 0:  # infinite, or not a number
        raise BadParameter(f'{wanted}, not "{text}".')
    return found
