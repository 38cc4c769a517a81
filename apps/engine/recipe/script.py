"""A recipe as a plain pandas script that gives the identical table."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apps.engine.recipe.expression import functions
from apps.engine.recipe.registry import step_from
from apps.engine.types import TableSpec

_HERE = Path(__file__).parent
_INDENT = " " * 4


def script_of(
    spec: TableSpec,
    steps: Sequence[dict[str, Any]],
    *,
    title: str,
    before: Sequence[str] = (),
    learnt: Sequence[str] = (),
) -> str:
    """The recipe of a table of the given shape, as one file that needs pandas and pyarrow only.

    ``python recipe.py joined.parquet cleaned.parquet`` cleans a file as the recipe does. Raises as
    ``run.check_recipe`` does. Pseudonyms need the installation's key in the environment, which is
    not written down. ``before`` (how the table that it is given is made) and ``learnt`` (fitted
    choices) are sentences, and become comments: the file does neither.
    """
    kinds = {column.name: column.kind.value for column in spec.columns}
    body = []
    for place, data in enumerate(steps, start=1):
        step = step_from(data)
        after = step.check(spec)
        sentence = " ".join(step.sentence().split())
        body += [f"# {place}. {sentence}", *step.script(spec).split("\n")]
        spec = after
    lines = "\n".join(_INDENT + line for line in [*body, "return frame"])
    head = f"{_plain(title)}: {len(steps)} steps, written by ML Cycle. Needs pandas 3 and pyarrow."
    parts = [
        f'"""{head}\n\npython recipe.py joined.parquet cleaned.parquet\n"""',
        source_of(_HERE / "prelude.py"),
        source_of(Path(functions.__file__)),
        *_told("What joined.parquet is, made before this file is run:", before),
        *_told(
            "Not done here: what a model's pipeline learns, from its training rows only:", learnt
        ),
        f"KINDS = {kinds!r}",
        f'def recipe(frame):\n{_INDENT}"""The steps, in their order."""\n{lines}',
        'if __name__ == "__main__":\n    main(recipe, KINDS)',
    ]
    return "\n\n\n".join(parts) + "\n"


def _told(head: str, sentences: Sequence[str]) -> list[str]:
    """Sentences as one block of comments; none for none."""
    lines = [f"#   {' '.join(sentence.split())}" for sentence in sentences]
    return ["\n".join([f"# {head}", *lines])] if lines else []


def _plain(text: str) -> str:
    """A title that cannot end the text around it."""
    return text.replace("\\", "").replace('"', "'")


def source_of(path: Path) -> str:
    """A file without its docstring."""
    return path.read_text("utf-8").split('"""', 2)[2].strip()
