"""Texts that usually mean "no value"."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

TOKENS = frozenset(
    {"", "-", "--", ".", "?", "n/a", "n.a.", "na", "#n/a", "nan", "nil", "none", "null"}
    | {"missing", "not available", "unknown", "undefined", "(null)", "<na>"}
)
_TOKENS = pa.array(sorted(TOKENS), pa.string())


def hides_a_gap(words: pa.Array) -> NDArray[np.bool_]:
    """Which texts usually mean "no value". O(k) for k texts."""
    plain = pc.utf8_lower(pc.utf8_trim_whitespace(words))
    hidden: NDArray[np.bool_] = pc.is_in(plain, value_set=_TOKENS).to_numpy(zero_copy_only=False)
    return hidden
