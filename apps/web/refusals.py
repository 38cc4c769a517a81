"""A rule of the house that the user ran into: told as a page or a notice, never as a crash."""

from apps.engine.errors import EngineError


class Refusal(EngineError):
    """Not now, and why. ``str(refusal)`` is one sentence that says what to do instead."""

    def __init__(self, says: str, *, todo_url: str = "", todo: str = "") -> None:
        super().__init__(says)
        self.todo_url = todo_url
        self.todo = todo
