"""The JSON doors of an endpoint: predict, actuals, contract."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from apps.engine.serving.contract import Contract
from apps.engine.serving.payload import BadPayload, parse_body
from apps.production.endpoint import describing, predicting, serving
from apps.production.endpoint.replies import Reply, busy, crashed, refused
from apps.production.log.actuals import record
from apps.production.models import ApiToken
from apps.production.refusals import ApiRefusal
from apps.web.declare import TOKEN, View, declared

LOG = logging.getLogger(__name__)
Door = Callable[..., dict[str, Any] | HttpResponseBase]
"""Takes request, token and what the address has besides; a dict is sent as JSON."""


def _response(reply: Reply) -> HttpResponse:
    return HttpResponse(
        reply.body, status=reply.status, headers=reply.headers, content_type="application/json"
    )


def door(method: str) -> Callable[[Door], View]:
    """A JSON door: one method, the endpoint's own token, every refusal as JSON."""

    def decorate(inner: Door) -> View:
        @csrf_exempt  # no cookie is looked at here: the token is the only key
        @declared(TOKEN)
        @wraps(inner)
        def view(request: HttpRequest, slug: str, **rest: Any) -> HttpResponseBase:
            try:
                predicting.require_method(request.META, method)
                token = serving.authenticate(request.headers.get("Authorization", ""), slug=slug)
                told = inner(request, token, **rest)
                return told if isinstance(told, HttpResponseBase) else JsonResponse(told)
            except ApiRefusal as refusal:
                return _response(refused(refusal))
            except DatabaseError:
                LOG.exception("A request to the endpoint %s met a database that did not work", slug)
                return _response(refused(busy()))
            except Exception:
                crash = crashed()
                LOG.exception("A request to %s failed (%s)", slug, crash.reference)
                return _response(refused(crash))

        return view

    return decorate


@csrf_exempt
@declared(TOKEN)
def predict(request: HttpRequest, slug: str) -> HttpResponse:
    """Rows in, predictions out. All rows are answered, or none and every reason is told.

    The web server's requests do not come as far as this: see mlcycle_site/hot.py, which sends
    the same reply.
    """
    return _response(predicting.reply_to(request.META, slug=slug))


@door("POST")
def actuals(request: HttpRequest, token: ApiToken) -> dict[str, Any]:
    """What really happened: ``[{"prediction_id": …, "value": …}]``, matched by id."""
    try:
        rows = parse_body(predicting.body_of(request.META))
    except BadPayload as error:
        raise ApiRefusal(400, error.code, str(error)) from error
    return record(token.deployment, rows)


@door("GET")
def contract(request: HttpRequest, token: ApiToken) -> dict[str, Any]:
    """What a row looks like, with an example that passes."""
    release = serving.release_for(token.deployment)
    agreed = Contract.from_dict(release.contract)
    return {
        "endpoint": token.deployment.slug,
        "release": release.number,
        "fields": release.contract["fields"],
        "rules": [
            {
                "says": rule.sentence(),
                "columns": list(agreed.origin_of(rule)),
                "severity": rule.severity,
                "after_recipe": rule in agreed.made,
            }
            for rule in agreed.agreed
        ],
        "example": {"rows": [release.report["example"]]},
    }


@door("GET")
def schema(request: HttpRequest, token: ApiToken) -> dict[str, Any]:
    """The endpoint in OpenAPI 3.1."""
    release = serving.release_for(token.deployment)
    return describing.description_of(release, root=request.build_absolute_uri("/"), token=token)


@csrf_exempt
@declared(TOKEN)
def nothing(request: HttpRequest, rest: str) -> HttpResponse:
    """Every other address: 404 as JSON, for whoever has a token."""
    try:
        serving.known_token(request.headers.get("Authorization", ""))
        raise ApiRefusal(404, "no_address", f"There is nothing at {request.path[:200]}.")
    except ApiRefusal as refusal:
        return _response(refused(refusal))
