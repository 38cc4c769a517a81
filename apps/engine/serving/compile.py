"""A release compiled to plain Python: from a checked row to its answer in microseconds.

scikit-learn answers one row in milliseconds, nearly all of it spent on building and checking
tables. Here the recipe, the fitted preparation and the model are turned into functions on lists
of numbers. Nothing is generated as text and executed. Whether they answer as scikit-learn does is
proven for every release (``compile_verify``); a row that is not certain is left to scikit-learn.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.pipeline import Pipeline

from apps.engine.serving.compile_models import Answer, Plain, compile_model
from apps.engine.serving.compile_prepare import CannotCompile, compile_preparation
from apps.engine.serving.compile_row import TIED_WITHIN, Cells, Unsure, cell_places, row_reader
from apps.engine.training.several import LabelSets
from apps.engine.types import ColumnSpec, Problem


class Compiled:
    """A release in plain form. Nothing in it changes after it was made. Thread-safe."""

    def __init__(
        self,
        pipeline: Any,
        *,
        spec: Sequence[ColumnSpec],
        steps: Sequence[Mapping[str, Any]],
        problem: Problem,
        positive: str | None,
        threshold: float,
    ) -> None:
        """Raise CannotCompile, whose message says what has no plain form."""
        self._read = row_reader(spec, steps)
        plain = _estimator(pipeline, cell_places(spec))
        self.says = plain.says
        self._answer = plain.answer
        if problem == Problem.REGRESSION:
            self._told: Callable[[Answer], dict[str, Any]] = _number
        elif problem == Problem.MULTILABEL:
            self._told = _set_teller([str(name) for name in pipeline.classes_], threshold)
        elif len(pipeline.classes_) < 2:
            raise CannotCompile("there is one class only")
        else:
            self._told = _chooser(
                [str(name) for name in pipeline.classes_],
                positive=positive if problem == Problem.BINARY else None,
                threshold=threshold,
            )

    def answer(self, row: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Prediction and probabilities of a checked row, and sentences of the recipe's filters.

        Raises Unsure, or another EngineError of the recipe: then scikit-learn has to answer.
        """
        cells, warnings = self._read(row)
        return self._told(self._answer(cells)), warnings


def _estimator(model: Any, places: Mapping[str, int]) -> Plain:
    """Cells to answer: a pipeline of preparation and model, or a blend of such."""
    if type(model) is Pipeline and [name for name, _ in model.steps] == ["prepare", "model"]:
        prepare = compile_preparation(model.named_steps["prepare"], places)
        plain = compile_model(model.named_steps["model"])
        inner = plain.answer
        return Plain(lambda cells: inner(prepare(cells)), plain.says)
    if type(model) is LabelSets:
        return _of_labels(model, places)
    if type(model) in (VotingClassifier, VotingRegressor):
        if type(model) is VotingClassifier and model.voting != "soft":
            raise CannotCompile("the blend counts votes")
        members = [_estimator(member, places) for member in model.estimators_]
        return _blend(members, model._weights_not_none)
    raise CannotCompile(f"the model is a {type(model).__name__}")


def _of_labels(model: Any, places: Mapping[str, int]) -> Plain:
    """A set of labels: the plain form of each label's model, and the shares of the others."""
    if len(model.estimators_) < len(model.learnt_):
        raise CannotCompile("one model answers all labels at once")
    members = [_estimator(member, places) for member in model.estimators_]
    shares = [float(share) for share in model.shares_]
    parts = [(int(place), one.answer) for place, one in zip(model.learnt_, members, strict=True)]

    def answer(cells: Cells) -> Answer:
        told = list(shares)
        for place, part in parts:
            told[place] = part(cells)[1]
        return told

    what = members[0].says if members else "shares only"
    return Plain(answer, f"for each of {len(shares)} labels {what}")


def _blend(members: Sequence[Plain], weights: Sequence[float] | None) -> Plain:
    shares = [1.0] * len(members) if weights is None else [float(weight) for weight in weights]
    whole = sum(shares)
    parts = [(member.answer, share) for member, share in zip(members, shares, strict=True)]

    def answer(cells: Cells) -> Answer:
        told = [(part(cells), share) for part, share in parts]
        return [
            sum(chances[place] * share for chances, share in told) / whole
            for place in range(len(told[0][0]))
        ]

    return Plain(answer, "a blend of " + " and ".join(member.says for member in members))


def _number(told: Answer) -> dict[str, Any]:
    return {"prediction": told[0], "probabilities": None}


def _set_teller(labels: list[str], threshold: float) -> Callable[[Answer], dict[str, Any]]:
    """A function that names the labels; Unsure where the last digits would decide."""

    def by_threshold(chances: Answer) -> dict[str, Any]:
        if any(abs(chance - threshold) <= TIED_WITHIN for chance in chances):
            raise Unsure("The probability of a label stands on the threshold.")
        return {
            "prediction": [
                label for label, chance in zip(labels, chances, strict=True) if chance > threshold
            ],
            "probabilities": dict(zip(labels, chances, strict=True)),
        }

    return by_threshold


def _chooser(
    classes: list[str], *, positive: str | None, threshold: float
) -> Callable[[Answer], dict[str, Any]]:
    """A function that names the class; Unsure where the last digits would decide."""
    if positive in classes and len(classes) == 2:
        place = classes.index(str(positive))
        other = classes[1 - place]

        def by_threshold(chances: Answer) -> dict[str, Any]:
            above = chances[place] - threshold
            if -TIED_WITHIN <= above <= TIED_WITHIN:
                raise Unsure("The probability stands on the threshold.")
            return {
                "prediction": positive if above > 0 else other,
                "probabilities": dict(zip(classes, chances, strict=True)),
            }

        return by_threshold

    def by_chance(chances: Answer) -> dict[str, Any]:
        *_, second, first = sorted(chances)
        if first - second <= TIED_WITHIN:
            raise Unsure("Two classes are equally probable.")
        return {
            "prediction": classes[chances.index(first)],
            "probabilities": dict(zip(classes, chances, strict=True)),
        }

    return by_chance
