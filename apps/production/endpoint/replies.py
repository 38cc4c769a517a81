"""What is sent back by an endpoint: always JSON, refusals and failures too."""

import json
from dataclasses import dataclass, field

from apps.production.endpoint.ids import new_id
from apps.production.refusals import ApiRefusal


@dataclass(frozen=True)
class Reply:
    """What is sent back: always JSON."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def refused(refusal: ApiRefusal) -> Reply:
    """The JSON of a refusal: the first error in short, then all."""
    first = refusal.errors[0] if refusal.errors else {}
    body = {
        "error": {
            "code": refusal.code,
            "message": refusal.message,
            "field": first.get("field"),
            "row": first.get("row"),
        },
        "errors": refusal.errors,
    }
    return Reply(refusal.status, json.dumps(body).encode(), refusal.headers)


def busy() -> ApiRefusal:
    """The database does not work."""
    return ApiRefusal(
        503,
        "busy",
        "The database did not work; nothing of this call was kept. Send it again.",
        headers={"Retry-After": "2"},
    )


def unlogged() -> ApiRefusal:
    """The log takes no line."""
    return ApiRefusal(
        503,
        "not_logged",
        "The call could not be logged, so it is not answered. Tell an administrator.",
        headers={"Retry-After": "30"},
    )


class Crash(ApiRefusal):
    """Something that nobody thought of. ``reference`` finds it in the server's log."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            500,
            "internal",
            f"The server failed on this call. Tell an administrator the reference {reference}.",
        )
        self.reference = reference


def crashed() -> Crash:
    """A failure with a new reference."""
    return Crash(new_id()[:8])
