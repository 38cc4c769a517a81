"""Long texts as numbers: hashed words, weighted by rarity, condensed. No word is kept."""

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.pipeline import Pipeline

WORDS = 5
"""Mean words of a cell from which a column is a text and not a category."""
MOST_CATEGORIES = 30
HASHED = 2**12
THEMES = 24
LOOKED_AT = 2_000


class FilledText(TransformerMixin, BaseEstimator):
    """(n, 1) cells as (n,) texts; a missing one is empty. Nothing is learnt."""

    def fit(self, cells: Any, target: Any = None) -> Self:
        """Do nothing."""
        del cells, target
        self.fitted_ = True
        return self

    def transform(self, cells: Any) -> Any:
        """(n,) texts."""
        column = pd.Series(np.asarray(cells, dtype=object).ravel())
        return column.where(column.notna(), "").astype(str).to_numpy(dtype=object)


def long_texts(features: pd.DataFrame) -> list[str]:
    """Columns of ``frame.model_frame`` with many different cells of WORDS words or more.

    Judged by the first LOOKED_AT cells that are there: give the rows that train.
    """
    found = []
    for name, values in features.items():
        if values.dtype != object:
            continue
        there = values.dropna().iloc[:LOOKED_AT]
        if there.nunique() > MOST_CATEGORIES and there.str.count(r"\w\w+").mean() >= WORDS:
            found.append(str(name))
    return found


def text_encoder(*, condensed: bool, seed: int) -> Pipeline:
    """Unfitted: one column of texts to HASHED sparse numbers, or to THEMES dense ones.

    Hashing: Weinberger et al. (2009), ICML 26. Condensing is latent semantic analysis: Deerwester
    et al. (1990), Journal of the American Society for Information Science 41, 391-407.
    """
    steps: list[tuple[str, Any]] = [
        ("fill", FilledText()),
        (
            "hash",
            HashingVectorizer(
                n_features=HASHED, strip_accents="unicode", alternate_sign=False, norm=None
            ),
        ),
        ("weigh", TfidfTransformer(sublinear_tf=True)),
    ]
    if condensed:
        steps.append(("condense", TruncatedSVD(THEMES, random_state=seed)))
    return Pipeline(steps)
