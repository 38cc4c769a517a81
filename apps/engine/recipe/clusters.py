"""Values that may be spellings of one thing: proposals, each of which a person approves.

Two ways, as in OpenRefine: key collision by fingerprint (case, accents, punctuation and the order
of words do not count), and nearest neighbours at one edit (Damerau 1964, CACM 7(3), 171-176).
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

MOST_VALUES = 2_000
LEAST_LETTERS = 5
LEAST_FOR_ANOTHER = 7
"""Shorter words at one edit are mostly different words: cat and car, ISLAND and INLAND."""
RARE = 0.1
"""A neighbour counts only when it has at most this share of the rows of the other."""
_PUNCTUATION = re.compile(r"[^\w\s]|_")


@dataclass(frozen=True)
class Cluster:
    """Values that look like one; the most frequent first. ``how``: spelling or neighbour."""

    how: str
    words: tuple[str, ...]
    rows: tuple[int, ...]

    @property
    def best(self) -> str:
        """The most frequent."""
        return self.words[0]

    @property
    def others(self) -> tuple[str, ...]:
        """The rarer ones."""
        return self.words[1:]


def fingerprint(word: str) -> str:
    """What stays of a text without case, accents, punctuation and the order of its words."""
    parts = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(sign for sign in parts if not unicodedata.combining(sign))
    tokens = _PUNCTUATION.sub(" ", plain).split()
    return " ".join(sorted(set(tokens)))


def clusters(rows: Mapping[str, int]) -> list[Cluster]:
    """Groups among values with their rows, those with the most rows to change first.

    O(different values * their length).
    """
    by_key: dict[str, list[str]] = defaultdict(list)
    for word in rows:
        by_key[fingerprint(word)].append(word)
    found = [
        _cluster("spelling", words, rows) for key, words in by_key.items() if key and len(words) > 1
    ]
    best = {key: max(words, key=lambda word: rows[word]) for key, words in by_key.items() if key}
    weight = {key: sum(rows[word] for word in by_key[key]) for key in best}
    for rare, common in _neighbours(weight):
        found.append(_cluster("neighbour", [*by_key[rare], best[common]], rows, best=best[common]))
    return sorted(found, key=lambda one: (one.how != "spelling", -sum(one.rows[1:]), one.best))


def merged(approved: Iterable[tuple[Sequence[str], str]]) -> list[list[str]]:
    """Pairs [from, to] of approved groups: (values, the name to keep), in the order of approval.

    Of a value in two groups the later one counts, and a name that is itself merged is followed to
    its end: each value goes to one name, however the groups overlap.
    """
    to: dict[str, str] = {}
    for words, keep in approved:
        to |= dict.fromkeys(words, keep)
    pairs = []
    for word in to:
        end, seen = to[word], {word}
        while end in to and end not in seen and to[end] != end:
            seen.add(end)
            end = to[end]
        if end != word:
            pairs.append([word, end])
    return pairs


def _cluster(how: str, words: list[str], rows: Mapping[str, int], *, best: str = "") -> Cluster:
    order = sorted(words, key=lambda word: (word != best, -rows[word], word))
    return Cluster(how, tuple(order), tuple(rows[word] for word in order))


def _neighbours(weight: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """A rare key and the most frequent one that is one edit away. Digits have no typing errors."""
    near: dict[str, set[str]] = defaultdict(set)
    keys = [key for key in weight if len(key) >= LEAST_LETTERS and not re.search(r"\d", key)]
    for key in keys:
        for less in {key, *(key[:at] + key[at + 1 :] for at in range(len(key)))}:
            near[less].add(key)
    for key in keys:
        close = {key, *(key[:at] + key[at + 1 :] for at in range(len(key)))}
        others = {other for less in close for other in near[less]} - {key}
        heavier = [
            other
            for other in others
            if weight[key] <= RARE * weight[other] and key[0] == other[0] and _one_edit(key, other)
        ]
        if heavier:
            yield key, max(heavier, key=lambda other: (weight[other], other))


def _one_edit(a: str, b: str) -> bool:
    """One letter too many, too few, other, or two exchanged."""
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    rest_a, rest_b = a[start:], b[start:]
    if rest_a[1:] == rest_b or rest_a == rest_b[1:]:
        return True
    if rest_a[1:] == rest_b[1:]:
        return len(a) >= LEAST_FOR_ANOTHER
    return rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:] and len(rest_a) >= 2
