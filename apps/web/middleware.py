"""Three walls: undeclared views answer 403, headers are strict, refusals become pages.

And what a page rests on is read once.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from apps.engine.errors import EngineError
from apps.web.once import one_page

Next = Callable[[HttpRequest], HttpResponseBase]


class DenyUndeclared:
    """Deny by default: a view that does not say who may call it is called by nobody."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:  # noqa: D102
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Answer 403 before the view runs."""
        if getattr(view, "access", None):
            return None
        return HttpResponse("Forbidden: this address declares no permission.", status=403)


class StrictHeaders:
    """What Django has no setting for: no caching of pages with data, no browser powers."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:  # noqa: D102
        response = self.get_response(request)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        )
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class ReadOnce:
    """A GET never writes: what it rests on is read once (see ``once.read_once``)."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:  # noqa: D102
        if request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        with one_page():
            return self.get_response(request)


class Refusals:
    """An EngineError that reaches the edge is a sentence for the user: 409, page or notice."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:  # noqa: D102
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn the refusal into 409.html, or into its notice for a fragment request."""
        if not isinstance(error, EngineError):
            return None
        fragment = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
        template = "409.html#refusal" if fragment else "409.html"
        response = render(request, template, {"refusal": error}, status=409)
        if fragment:
            response.headers["HX-Retarget"] = "#notices"
            response.headers["HX-Reswap"] = "innerHTML"
        return response
