"""``manage.py write_docs``: the parts of docs/ that follow from the code, or a check of them."""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from apps.engine.evaluation.metrics import METRICS, Metric, metrics_for
from apps.engine.recipe.expression.parse import WORDS
from apps.engine.recipe.registry import STEPS
from apps.engine.recipe.step import Declared, Parameter, Step
from apps.engine.training.fitted.choices import CHOICES
from apps.engine.types import Problem
from apps.governance.gates import GATES, Gate
from apps.planning.schema import plan_schema
from apps.projects.models import Tier
from apps.projects.rounds import quorum

_MADE = "<!-- Written by `python manage.py write_docs`. Change its source, not this file. -->\n"
_VARIABLE = re.compile(r"(?P<optional># )?(?P<name>[A-Z][A-Z_]+)=(?P<value>.*)")
_HEADING = re.compile(r"# --- (?P<title>.+?) -+")
_ANSWERS = {
    "column": "a column",
    "columns": "columns",
    "text": "text",
    "texts": "texts, one a line",
    "choice": "one of a list",
    "mapping": "pairs of from and to",
    "choices": "several of a list",
    "expression": "an expression",
    "kind": "the kind of the chosen column, filled in by the form",
}


@dataclass(frozen=True)
class Setting:
    """One variable of ``.env.example`` with the sentence above it."""

    section: str
    name: str
    default: str  # empty when the default is said in words
    says: str


def read_settings(example: str) -> Iterator[Setting]:
    """Settings of an ``.env.example``; variables in one block share the comment above them."""
    section, comment, is_open = "", [], False
    for line in example.splitlines():
        heading, variable = _HEADING.match(line), _VARIABLE.match(line)
        if heading:
            section, comment = heading["title"], []
        elif variable:
            default = "" if variable["optional"] else variable["value"] or "(empty)"
            yield Setting(section, variable["name"], default, " ".join(comment))
            is_open = False
        elif line.startswith("# "):
            comment = [*comment, line[2:]] if is_open else [line[2:]]
            is_open = True


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def settings_page(example: str) -> str:
    """docs/settings.md."""
    lines = [
        "# Settings",
        "",
        _MADE,
        "Set them in the environment, or in a file `.env` beside `manage.py`; the environment "
        "wins. Nothing has to be set to try ML Cycle.",
    ]
    section = ""
    for item in read_settings(example):
        if item.section != section:
            section = item.section
            lines += ["", f"## {section}", "", "| Variable | Default | What it does |"]
            lines += ["|---|---|---|"]
        default = f"`{item.default}`" if item.default else "see the text"
        lines.append(f"| `{item.name}` | {default} | {_cell(item.says)} |")
    return "\n".join([*lines, ""])


def _who_closes(gate: Gate) -> str:
    if quorum(gate.stage, Tier.LOW).manager:
        many = quorum(gate.stage, Tier.HIGH).count
        return (
            f"A manager who had no hand in it signs; in tier 1, {many} different managers do. "
            "A manager may have somebody else sign for some days."
        )
    return (
        "A manager who had no hand in it signs in tier 1; in the tiers below, an analyst closes "
        "it when every check holds."
    )


def _gate_lines(gate: Gate) -> list[str]:
    return [
        "",
        f"## {gate.stage.number}. {gate.stage.label}",
        "",
        f"{_who_closes(gate)}",
        "",
        f"The signature says: “{gate.meaning}”",
        "",
        f"Passed: {gate.unlocks}",
        "",
        "| Check | It asks |",
        "|---|---|",
        *(f"| `{check.key}` | {_cell(check.asks)} |" for check in gate.checks),
    ]


def gates_page() -> str:
    """docs/gates.md."""
    lines = [
        "# The four gates",
        "",
        _MADE,
        "Each check answers with one sentence and the numbers behind it. It *holds*, it is to be "
        "*weighed* (a warning that does not block), or it *blocks*. A gate with a check that "
        "blocks cannot be submitted or approved.",
    ]
    for gate in GATES:
        lines += _gate_lines(gate)
    return "\n".join([*lines, ""])


def _answer(parameter: Parameter) -> str:
    told = _ANSWERS[parameter.input]
    if parameter.choices:
        told = ", ".join(f"“{choice}”" for choice in parameter.choices)
    if parameter.required:
        return told
    default = f"; “{parameter.default}” when left out" if parameter.default else ""
    return f"{told} (optional{default})"


def _on_requests(step: type[Step]) -> str:
    if not step.row_wise:
        return "It is about rows of the table, so it is not replayed on a prediction request."
    if step.drops_rows:
        return (
            "It leaves rows out in development only: a prediction request outside of it is "
            "answered, with a warning."
        )
    return "It looks at one row, so the same step is replayed on every prediction request."


def _declared_lines(step: type[Declared], *, says: str, level: str) -> list[str]:
    purpose = " ".join((step.__doc__ or "").split("\n\n")[0].split())
    return [
        "",
        f"{level} {step.title} (`{step.key}`)",
        "",
        f"{purpose} {says}".strip(),
        "",
        "| Parameter | Label | Takes | Notes |",
        "|---|---|---|---|",
        *(
            f"| `{each.name}` | {each.label} | {_cell(_answer(each))} | {_cell(each.help)} |"
            for each in step.parameters
        ),
    ]


def steps_page() -> str:
    """docs/recipe-steps.md."""
    lines = [
        "# Steps of a recipe",
        "",
        _MADE,
        "A recipe holds steps that look at one row, and two that are done in development only: "
        "dropping duplicates and correcting one cell. Whatever learns from many rows (filling with "
        "a median, encoding, scaling) belongs to the model's pipeline and sees training folds "
        "only. What needs the rows before (the previous value of an entity) is a join that looks "
        "backwards ([decision 24](decisions/0024-a-step-tells-its-columns.md)).",
        "",
        "## The language of expressions",
        "",
        "Columns by name, `` `with blanks` `` in backticks; texts in quotes; `missing`, `true`, "
        "`false`; `+ - * / // % **`, comparisons, `and or not`, `in [...]`, `a if b else c`. What "
        "cannot be computed is missing, and a comparison with a missing value is missing. "
        "Functions: " + ", ".join(f"`{name}`" for name in sorted((*WORDS, "date"))) + ".",
    ]
    for step in STEPS.values():
        lines += _declared_lines(step, says=_on_requests(step), level="##")
    lines += [
        "",
        "## Fitted choices",
        "",
        "Chosen on the same page, and no part of the recipe: they are learnt inside of every "
        "candidate, on training rows only. For each column the last choice counts that names it, "
        "else the last for all columns of its kind "
        "([decision 31](decisions/0031-a-fitted-choice-stands-beside-the-recipe-and-is-learnt-"
        "inside-the-pipeline.md)).",
    ]
    for choice in CHOICES.values():
        lines += _declared_lines(choice, says="", level="###")
    return "\n".join([*lines, ""])


_TARGETS = (
    (Problem.BINARY, "Two classes, one of them positive"),
    (Problem.REGRESSION, "Quantities"),
    (Problem.MULTILABEL, "Sets of labels"),
)
_OF_SETS = (
    "Of sets, macro is the mean over the labels, weighted goes by the rows of each label, and "
    "micro counts every pair of row and label alike. The base rate is then the mean share of "
    "all labels that a row has. A label that no row has counts for no rank; one that neither "
    "occurs nor is told counts for no hit."
)
_LEAST = -1000.0
"""A bound below this stands for "no bound" in the catalogue."""


def _range(metric: Metric) -> str:
    low, high = metric.bounds
    least = f"{low:g}" if low > _LEAST else "−∞"
    return f"{least} to {'∞' if high is None else f'{high:g}'}"


def _metric_line(metric: Metric) -> str:
    word = "higher" if metric.direction == "up" else "lower"
    says = metric.says + (f" {metric.source}." if metric.source else "")
    return (
        f"| {metric.title} (`{metric.key}`) | {_cell(says)} | {word}, {_range(metric)} | "
        f"{_cell(metric.guess_says)} |"
    )


def _parameter_line(metric: Metric) -> str:
    wanted = metric.parameter
    assert wanted is not None, "asked for metrics with a parameter only"
    return (
        f"| {metric.title} | {wanted.name} | {_cell(wanted.says)} | "
        f"{wanted.low:g} to {wanted.high:g} | {wanted.default:g} |"
    )


def metrics_page() -> str:
    """docs/metrics.md."""
    lines = [
        "# Metrics that a plan can promise",
        "",
        _MADE,
        "Each value equals scikit-learn's where scikit-learn has the metric. *Guessing* is what a "
        "model that learnt nothing reaches: a promise has to be better than that, and the plan's "
        "gate asks whether it is.",
    ]
    for problem, title in _TARGETS:
        lines += ["", f"## {title}", "", "| Metric | It says | Better, range | Guessing reaches |"]
        lines += ["|---|---|---|---|", *map(_metric_line, metrics_for(problem))]
    asked = [metric for metric in METRICS.values() if metric.parameter is not None]
    lines += ["", "## Parameters", "", "| Metric | Parameter | It says | Allowed | Usual |"]
    lines += ["|---|---|---|---|---|", *map(_parameter_line, asked)]
    averaged = [metric.title for metric in METRICS.values() if "micro" in metric.averages]
    ranked = [
        metric.title
        for metric in METRICS.values()
        if metric.averages and "micro" not in metric.averages
    ]
    several = ", ".join(metric.title for metric in metrics_for(Problem.MULTICLASS))
    lines += [
        "",
        "## More than two classes",
        "",
        f"{several} are there as well. What guessing reaches then hangs on the shares of all "
        "classes, except that ROC AUC is 0.5, Matthews correlation 0 and balanced accuracy one "
        "over the number of classes.",
        "",
        f"{', '.join(averaged)}: macro (every class counts alike; the default), weighted (by its "
        f"rows) or micro (every row counts alike). {', '.join(ranked)}: macro or weighted, each "
        "class against the rest.",
        "",
        "## Labels of a set",
        "",
        _OF_SETS,
    ]
    return "\n".join([*lines, ""])


def pages() -> dict[str, str]:
    """File name in docs/ to its text."""
    example = (settings.ROOT / ".env.example").read_text(encoding="utf-8")
    return {
        "settings.md": settings_page(example),
        "gates.md": gates_page(),
        "recipe-steps.md": steps_page(),
        "metrics.md": metrics_page(),
        "plan.schema.json": json.dumps(plan_schema(), ensure_ascii=False, indent=1) + "\n",
    }


class Command(BaseCommand):
    """Exit code 1 with ``--check`` when a file is not what the code says."""

    help = "Write the parts of docs/ that follow from the code."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """``--check`` changes nothing."""
        parser.add_argument("--check", action="store_true", help="Only say what is out of date.")

    def handle(self, **options: Any) -> None:
        """Write what differs, or tell it."""
        stale = []
        for name, text in pages().items():
            path = settings.ROOT / "docs" / name
            if path.exists() and path.read_text(encoding="utf-8") == text:
                continue
            stale.append(f"docs/{name}")
            if not options["check"]:
                path.write_text(text, encoding="utf-8")
        if not options["check"]:
            self.stdout.write(f"Written: {', '.join(stale) or 'nothing, all are up to date'}")
        elif stale:
            self.stderr.write(f"Out of date: {', '.join(stale)}. Run manage.py write_docs.")
            sys.exit(1)
