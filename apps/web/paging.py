"""Pages of a long list: a fixed size, a bad number answered with the nearest page."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

PAGE_ROWS = 50


def page_of(
    rows: QuerySet[Any] | Sequence[Any], request: HttpRequest, *, per_page: int = PAGE_ROWS
) -> Page[Any]:
    """Return the page that ``?page=`` asks for."""
    return Paginator(rows, per_page).get_page(request.GET.get("page"))
