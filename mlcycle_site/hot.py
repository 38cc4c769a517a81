"""Predict requests are answered before Django's handler: no session, no page, nothing to wait for.

Everything else goes on to Django, and so does every request that Django would have to redirect.
The Host header is not looked at: nothing in a reply depends on it, and the token is the only key.
The address is the one in the table of addresses; who may call it is what its view declares.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from http.client import responses
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from django.urls import get_resolver, reverse

from apps.production.endpoint import predicting
from apps.web.declare import TOKEN

Start = Callable[..., Any]
App = Callable[[dict[str, Any], Start], Iterable[bytes]]

HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class PredictFirst:
    """WSGI: an endpoint's predict address is answered here, all others by the site."""

    def __init__(self, site: App) -> None:
        self.site = site
        self._match = predict_address()

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """Answer, or pass on."""
        found = self._match(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""))
        if found is None or not is_safe(environ):
            return self.site(environ, start_response)
        close_old_connections()  # as Django does around each of its requests
        reply = predicting.reply_to(environ, slug=found[1])
        close_old_connections()
        headers = {**always(), "Content-Length": str(len(reply.body)), **reply.headers}
        status = f"{reply.status} {responses[reply.status]}"
        start_response(status, list(headers.items()))
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else reply.body]


def predict_address() -> Callable[[str], "re.Match[str] | None"]:
    """What matches a predict address and no other; its first group is the endpoint's slug."""
    address = reverse("api:predict", args=["slug"])
    view = get_resolver().resolve(address).func
    if getattr(view, "access", None) != TOKEN:
        raise RuntimeError(f"{address} is not declared as an address for tokens.")
    before, after = (re.escape(part) for part in address.split("slug"))
    return re.compile(f"{before}([-a-zA-Z0-9_]+){after}").fullmatch


def always() -> dict[str, str]:
    """The headers of every reply."""
    seconds = settings.SECURE_HSTS_SECONDS
    return {**HEADERS, "Strict-Transport-Security": f"max-age={seconds}"} if seconds else HEADERS


def is_safe(environ: Mapping[str, Any]) -> bool:
    """Whether it came by TLS, as Django asks it, or need not."""
    if not settings.SECURE_SSL_REDIRECT:
        return True
    name, value = settings.SECURE_PROXY_SSL_HEADER or ("", "")
    if name in environ:
        return bool(environ[name].split(",", 1)[0].strip() == value)
    return environ.get("wsgi.url_scheme") == "https"
