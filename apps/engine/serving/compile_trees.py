"""Fitted trees as data that plain Python walks: one form for forests, boosting and LightGBM.

Boosted trees that are small enough go by bits (compile_leaves.py); what follows is for all others.

A node is ``(input, threshold, left, right)`` and goes left when ``inputs[input] <= threshold``; a
leaf is what it adds. A missing input (NaN) compares false and so goes right. Where it has to go
left, the node asks the negated input instead and its sides are swapped; hence inputs are doubled.

Trees of very many nodes would be hundreds of megabytes as tuples, and slow for want of cache:
numpy walks them all at once, level by level (both measured: docs/decisions/0016).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.engine.serving.compile_prepare import CannotCompile, Inputs

MOST_TUPLES = 60_000
Sum = Callable[[Inputs], float]


@dataclass(frozen=True)
class Tree:
    """Arrays of one tree, (n_nodes,) each. A child comes after its parent; a leaf has left -1."""

    feature: Any
    threshold: Any
    left: Any
    right: Any
    missing_left: Any
    value: Any

    @property
    def nodes(self) -> int:
        """Number of nodes and leaves."""
        return len(self.left)


def of_forest(model: Any) -> list[Tree]:
    """Trees of a fitted forest, or a tree by itself.

    Values are (n_nodes, n_classes) shares, or (n_nodes, 1) means.
    """
    return [
        Tree(
            tree.feature,
            tree.threshold,
            tree.children_left,
            tree.children_right,
            tree.missing_go_to_left.astype(bool),
            tree.value[:, 0, :],
        )
        for tree in (member.tree_ for member in getattr(model, "estimators_", [model]))
    ]


def of_boosting(model: Any, place: int) -> list[Tree]:
    """Trees of a fitted histogram gradient boosting for one class (0 where there is one score)."""
    trees = []
    for turn in model._predictors:
        nodes = turn[place].nodes
        leaf = nodes["is_leaf"].astype(bool)
        if nodes["is_categorical"].any():
            raise CannotCompile("a tree asks for sets of categories")
        trees.append(
            Tree(
                nodes["feature_idx"],
                nodes["num_threshold"],
                np.where(leaf, -1, nodes["left"].astype("int64")),
                np.where(leaf, -1, nodes["right"].astype("int64")),
                nodes["missing_go_to_left"].astype(bool),
                nodes["value"],
            )
        )
    return trees


def of_lightgbm(booster: Any) -> tuple[list[Tree], dict[str, str]]:
    """Trees of a LightGBM booster in the order of its text form, and the text's first lines."""
    head, *blocks = booster.model_to_string().split("\nTree=")
    told = dict(line.split("=", 1) for line in head.splitlines() if "=" in line)
    if "average_output" in head:
        raise CannotCompile("LightGBM averages its trees")
    return [_light_tree(block) for block in blocks], told


def _light_tree(block: str) -> Tree:
    """Inner nodes stand first, leaves after them (the text names leaf k as child ~k)."""
    told = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
    if told["num_cat"] != "0" or told.get("is_linear", "0") != "0":
        raise CannotCompile("a LightGBM tree asks for sets of categories or has linear leaves")
    leaves = np.array(told["leaf_value"].split(), dtype="float64")
    inner = len(leaves) - 1
    kinds = _numbers(told, "decision_type", inner, "int64")
    if np.any(kinds & 1) or np.any((kinds >> 2) == 1):
        raise CannotCompile("a LightGBM tree takes zero for missing")
    threshold = _numbers(told, "threshold", inner, "float64")
    # Where no value was missing in training, LightGBM reads a missing one as 0.
    missing_left = np.where((kinds >> 2) == 2, (kinds & 2) > 0, threshold >= 0.0)
    sides = [_numbers(told, name, inner, "int64") for name in ("left_child", "right_child")]
    left, right = (np.where(side < 0, inner + ~side, side) for side in sides)
    return Tree(
        _padded(_numbers(told, "split_feature", inner, "int64"), len(leaves), 0),
        _padded(threshold, len(leaves), 0.0),
        _padded(left, len(leaves), -1),
        _padded(right, len(leaves), -1),
        _padded(missing_left, len(leaves), fill=False),
        np.concatenate([np.zeros(inner), leaves]),
    )


def _numbers(told: dict[str, str], name: str, count: int, dtype: str) -> Any:
    return np.array(told.get(name, "").split() if count else [], dtype=dtype)


def _padded(values: Any, more: int, fill: Any) -> Any:
    return np.concatenate([values, np.full(more, fill, dtype=values.dtype)])


def sum_of(trees: Sequence[Tree], *, start: float, width: int) -> Sum:
    """A function from the inputs (``width`` of them) to the sum of the trees' leaves."""
    if sum(tree.nodes for tree in trees) > MOST_TUPLES:
        by_levels = sums_by_levels(trees)
        return lambda inputs: start + float(by_levels(inputs))
    roots = [_nested(tree, width) for tree in trees]
    doubled = any(tree.missing_left[tree.left >= 0].any() for tree in trees)

    def walk(inputs: Inputs) -> float:
        asked = inputs + [-value for value in inputs] if doubled else inputs
        total = start
        for node in roots:
            while node.__class__ is tuple:
                place, threshold, left, right = node
                node = left if asked[place] <= threshold else right
            total += node
        return total

    return walk


def _nested(tree: Tree, width: int) -> Any:
    """The root as nested tuples, made from the last node to the first: no recursion."""
    made: list[Any] = [None] * tree.nodes
    columns = (tree.feature, tree.threshold, tree.left, tree.right, tree.missing_left, tree.value)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    for place in range(tree.nodes - 1, -1, -1):
        feature, threshold, left, right, missing_left, value = rows[place]
        if left < 0:
            made[place] = value
        elif missing_left:
            below = math.nextafter(-threshold, -math.inf)  # x > t just where -x <= below
            made[place] = (feature + width, below, made[right], made[left])
        else:
            made[place] = (feature, threshold, made[left], made[right])
    return made[0]


def sums_by_levels(trees: Sequence[Tree]) -> Callable[[Inputs], Any]:
    """A function from the inputs to the sum of the leaves, a number or (n_values,) as they are.

    All trees go one level down at a time; a leaf leads to itself.
    """
    sizes = np.array([tree.nodes for tree in trees])
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    feature = np.concatenate([np.maximum(tree.feature, 0) for tree in trees]).astype("int32")
    threshold = np.concatenate([tree.threshold for tree in trees])
    missing_left = np.concatenate([tree.missing_left for tree in trees])
    value = np.concatenate([tree.value for tree in trees])
    own, offset = np.arange(len(feature)), np.repeat(roots, sizes)
    left, right = (
        np.where(side < 0, own, side + offset)
        for side in (
            np.concatenate([tree.left for tree in trees]),
            np.concatenate([tree.right for tree in trees]),
        )
    )
    children = np.stack([right, left], axis=1).ravel().astype("int32")
    depth = max(_depth(tree) for tree in trees)

    def walk(inputs: Inputs) -> Any:
        row = np.array(inputs)
        missing = np.isnan(row)
        has_missing = bool(missing.any())
        node = roots
        for _ in range(depth):
            asked = feature[node]
            goes_left = row[asked] <= threshold[node]
            if has_missing:
                goes_left |= missing[asked] & missing_left[node]
            node = children[2 * node + goes_left]
        return value[node].sum(axis=0)

    return walk


def _depth(tree: Tree) -> int:
    levels = [0] * tree.nodes
    for place, (left, right) in enumerate(
        zip(tree.left.tolist(), tree.right.tolist(), strict=True)
    ):
        if left >= 0:
            levels[left] = levels[right] = levels[place] + 1
    return max(levels)
