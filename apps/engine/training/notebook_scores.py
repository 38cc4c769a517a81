"""The last cell of a notebook: the scores of all candidates side by side."""

_OF_CLASSES = """
pd.Series(
    {
        title: log_loss(target[told.index], told[sorted(told)], labels=sorted(told))
        for title, told in answers.items()
    },
    name="log loss of all answers",
).sort_values()
"""

_OF_NUMBERS = """
pd.DataFrame(
    {
        title: {
            "RMSE": root_mean_squared_error(target[told.index], told["number"]),
            "R2": r2_score(target[told.index], told["number"]),
        }
        for title, told in answers.items()
    }
).T.sort_values("RMSE")
"""

_OF_QUANTILES = """
pd.DataFrame(
    {
        title: {
            "pinball loss": mean_pinball_loss(target[told.index], told["number"], alpha=LEVEL),
            "share at or below": np.mean(target[told.index] <= told["number"]),
        }
        for title, told in answers.items()
    }
).T.sort_values("pinball loss")
"""


def scores_cell(*, quantity: bool, level: float | None) -> str:
    """The source of the cell. ``level``: of the quantile that is answered, None for the mean."""
    if level is not None:
        return _OF_QUANTILES
    return _OF_NUMBERS if quantity else _OF_CLASSES


def scores_used(*, quantity: bool, level: float | None) -> set[str]:
    """Names that the cell takes from ``sklearn.metrics``."""
    if level is not None:
        return {"mean_pinball_loss"}
    return {"r2_score", "root_mean_squared_error"} if quantity else {"log_loss"}
