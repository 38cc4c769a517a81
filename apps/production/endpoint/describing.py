"""What the API of an endpoint is told as: the OpenAPI description, and its doors for a page."""

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse

from apps.engine.serving.openapi import EXAMPLE_ID, openapi
from apps.engine.serving.openapi_schemas import Caps
from apps.engine.types import Problem
from apps.production.endpoint import serving
from apps.production.endpoint.caps import BATCHES_A_MINUTE
from apps.production.endpoint.predicting import head_of
from apps.production.endpoint.snippets import address_of, snippets_of
from apps.production.log.actuals import MOST_ACTUALS
from apps.production.models import ApiToken, Release

MB = 1024**2


def description_of(release: Release, *, root: str, token: ApiToken | None = None) -> dict[str, Any]:
    """The OpenAPI description of a release's endpoint, with a call that the release answered.

    ``root`` is the address of the site (a setting names that of its predictions); the caps are
    those of ``token``, else of the installation.
    Raises ApiRefusal where the model cannot be loaded.
    """
    scorer = serving.scorer_for(release)
    api = reverse("api:nothing", args=["-"]).removesuffix("/-")
    return openapi(
        scorer.contract,
        slug=release.deployment.slug,
        release=release.number,
        base=root.rstrip("/") + api,
        scoring=settings.SCORING_URL and settings.SCORING_URL + api,
        classes=scorer.classes,
        sets=scorer.problem == Problem.MULTILABEL,
        caps=_caps(token),
        level=release.level,
        reply=_reply(release, scorer.contract.example()),
    )


def predict_url(slug: str, *, root: str) -> str:
    """The address that predictions are asked at: that of the scoring process, if it has one."""
    return (settings.SCORING_URL or root.rstrip("/")) + reverse("api:predict", args=[slug])


def _caps(token: ApiToken | None) -> Caps:
    calls = token.calls_per_minute if token else None
    rows = token.rows_per_minute if token else None
    return Caps(
        rows=settings.PREDICT_ROWS,
        body_mb=settings.PREDICT_BYTES // MB,
        actuals=MOST_ACTUALS,
        file_mb=settings.UPLOAD_BYTES // MB,
        calls_a_minute=calls or settings.PREDICT_CALLS_PER_MINUTE,
        rows_a_minute=rows or settings.PREDICT_ROWS_PER_MINUTE,
        batches_a_minute=BATCHES_A_MINUTE,
    )


def _reply(release: Release, row: dict[str, Any]) -> dict[str, Any]:
    """What the release answers to a row; it is no call, so its id is nobody's."""
    told = serving.answer(release, [row])
    return {
        **head_of(release, slug=release.deployment.slug),
        "predictions": [{**told.predictions[0], "id": EXAMPLE_ID}],
        "warnings": told.warnings,
    }


@dataclass(frozen=True)
class Door:
    """One address of the API, for a person to read. Examples are (content type, text)."""

    key: str
    method: str
    address: str
    told: dict[str, Any]
    snippets: list[tuple[str, str]]

    @property
    def sent(self) -> list[tuple[str, str]]:
        """Examples of bodies, each with its content type."""
        return _examples(self.told.get("requestBody", {}))

    @property
    def good(self) -> tuple[str, list[tuple[str, str]]]:
        """Status and examples of what is answered where nothing is refused."""
        (found,) = [item for item in self.told["responses"].items() if item[0].startswith("2")]
        return found[0], _examples(found[1])

    @property
    def refusals(self) -> list[tuple[str, str]]:
        """Status and meaning of each refusal, with its codes."""
        told = self.told["responses"].items()
        return [(status, answer["description"]) for status, answer in told if status >= "400"]


def _examples(content: dict[str, Any]) -> list[tuple[str, str]]:
    told = content.get("content", {}).items()
    return [(kind, _text(body["example"])) for kind, body in told if "example" in body]


def _text(example: Any) -> str:
    is_text = isinstance(example, str)
    return example if is_text else json.dumps(example, indent=2, ensure_ascii=False)


def doors_of(description: dict[str, Any]) -> list[Door]:
    """The doors of a description, each with its calls to paste."""
    calls = snippets_of(description)
    return [
        Door(
            told["operationId"],
            method.upper(),
            address_of(description, told, path),
            told,
            calls[told["operationId"]],
        )
        for path, methods in description["paths"].items()
        for method, told in methods.items()
    ]
