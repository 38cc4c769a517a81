"""What an endpoint says instead of a prediction."""

from typing import Any


class ApiRefusal(Exception):
    """A request is answered with a status, a code and a sentence instead of a prediction."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        errors: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.errors = errors or []
        self.headers = headers or {}
