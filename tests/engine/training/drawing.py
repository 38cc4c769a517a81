"""A split of a table, drawn for a test, and what every job function of training wants of it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from apps.engine.reading.tables import spec_of, write_table
from apps.engine.splitting.draw import draw_split
from apps.engine.types import silent


def drawn_split(
    folder: Path,
    frame: pd.DataFrame,
    *,
    target: str = "target",
    method: str = "stratified",
    test_share: float = 0.2,
    folds: int = 3,
) -> dict[str, Any]:
    """Write table and split into ``folder``; return the arguments of ``cross_validate`` so far."""
    write_table(frame, folder / "table.parquet")
    draw_split(
        table=str(folder / "table.parquet"),
        method=method,
        target=target,
        group=None,
        time=None,
        test_share=test_share,
        folds=folds,
        seed=0,
        split_file=str(folder / "split.parquet"),
        development=str(folder / "development.parquet"),
        test=str(folder / "test.parquet"),
        report=silent,
    )
    return {
        "development": str(folder / "development.parquet"),
        "split_file": str(folder / "split.parquet"),
        "method": method,
        "target": target,
        "features": [asdict(item) for item in spec_of(frame).columns if item.name != target],
        "seed": 0,
        "report": silent,
    }
