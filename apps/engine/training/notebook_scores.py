"""The last cell of a notebook: the scores of all candidates side by side."""

OF_CLASSES = """
pd.Series(
    {
        title: log_loss(target[told.index], told[sorted(told)], labels=sorted(told))
        for title, told in answers.items()
    },
    name="log loss of all answers",
).sort_values()
"""

OF_NUMBERS = """
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

OF_QUANTILES = """
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
