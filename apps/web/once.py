"""What a page rests on is read once: within a GET nothing changes it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from inspect import unwrap
from typing import Any

_KNOWN: ContextVar[dict[Any, Any] | None] = ContextVar("known_to_this_page", default=None)


@contextmanager
def one_page() -> Iterator[None]:
    """Until the end of the block, what was read by ``read_once`` is not read again."""
    token = _KNOWN.set({})
    try:
        yield
    finally:
        _KNOWN.reset(token)


def read_once[**P, T](read: Callable[P, T]) -> Callable[P, T]:
    """Have a read of rows remembered for the page that asks; elsewhere it reads each time.

    For what many parts of a page ask and none changes, such as the signed plan of a cycle. Its
    arguments are rows, texts and numbers; rows are the same when their keys are.
    """

    @wraps(read)
    def remembered(*args: P.args, **kwargs: P.kwargs) -> T:
        known = _KNOWN.get()
        if known is None:
            return read(*args, **kwargs)
        key = _key(read, *args, **kwargs)
        if key not in known:
            known[key] = read(*args, **kwargs)
        found: T = known[key]
        return found

    return remembered


def keep[**P, T](read: Callable[P, T], found: T, *args: P.args, **kwargs: P.kwargs) -> None:
    """Have a ``read_once`` find this answer for the page, because it was read of many at once.

    The arguments are those that it will be called with, by place and by name alike. What is not
    kept here is read as ever: forgetting one costs a question and is never wrong.
    """
    known = _KNOWN.get()
    assert known is not None, "there is no page to keep it for"
    known[_key(unwrap(read), *args, **kwargs)] = found


def _key(read: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[Any, ...]:
    return read, args, tuple(sorted(kwargs.items()))
