"""One template per page: the whole of it, or the named partial that htmx asked for."""

from collections.abc import Collection, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    fragments: Collection[str] = (),
    status: int = 200,
) -> HttpResponse:
    """Render ``template``, or its partial when HX-Target names one of ``fragments``."""
    htmx = request.htmx  # type: ignore[attr-defined]
    name = htmx.target if htmx and not htmx.boosted else None
    if htmx.history_restore_request or name not in fragments:
        name = None
    response = render(
        request, f"{template}#{name}" if name else template, dict(context or {}), status=status
    )
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response
