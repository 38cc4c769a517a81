"""Every view says who may call it. A view that does not is answered 403 (see middleware)."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, URLResolver

View = Callable[..., HttpResponseBase]

PUBLIC = "public"
SIGNED_IN = "signed in"
TOKEN = "token"  # noqa: S105  (the word, not a secret)


def declared(access: str) -> Callable[[View], View]:
    """Stamp a view with who may call it, without checking anything."""

    def stamp(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return stamp


def public(view: View) -> View:
    """Anyone may call this view."""
    return declared(PUBLIC)(view)


def to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Send a signed-out caller to the sign-in page; a fragment request moves the whole page."""
    if getattr(request, "htmx", False):
        return HttpResponse(headers={"HX-Redirect": redirect_to_login(request.path).url})
    return redirect_to_login(request.get_full_path())


def signed_in(view: View) -> View:
    """Anyone who is signed in may call this view."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        return view(request, *args, **kwargs)

    return declared(SIGNED_IN)(guarded)


def needs(permission: str) -> Callable[[View], View]:
    """Only people with this site-wide permission may call the view."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return declared(f"site: {permission}")(guarded)

    return decorate


def declare_all(
    patterns: Sequence[URLPattern | URLResolver], access: str
) -> Sequence[URLPattern | URLResolver]:
    """Stamp the views of a package that guards itself (allauth, the admin)."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            declare_all(pattern.url_patterns, access)
        else:
            declared(access)(pattern.callback)
    return patterns
