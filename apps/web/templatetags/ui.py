"""Filters and tags of every page: numbers as people read them, icons, states, the interval."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from apps.engine.dates import day_text
from apps.engine.labels import joined
from apps.engine.percent import THIN
from apps.engine.percent import percent as written
from apps.web.drawing import Drawing, draw_interval

register = template.Library()

DASH = "\N{EN DASH}"
SIGNIFICANT = 3
SMALL = 0.1
ROUND = 10
"""From here on a whole number stands without places beside one that has them."""

TONES = {
    "passed": ("passed", "check"),
    "pass": ("passed", "check"),
    "done": ("passed", "check"),
    "kept": ("passed", "check"),
    "ok": ("passed", "check"),
    "met": ("passed", "check"),
    "overdue": ("failed", "exclamation"),
    "lapsed": ("waiting", "dash"),
    "waiting": ("waiting", "hourglass"),
    "warn": ("waiting", "exclamation"),
    "attention": ("waiting", "exclamation"),
    "inconclusive": ("waiting", "dash"),
    "better": ("passed", "check"),
    "worse": ("failed", "x"),
    "cannot tell": ("waiting", "dash"),
    "half": ("waiting", "circle-half"),
    "returned": ("waiting", "return"),
    "stale": ("waiting", "repeat"),
    "medium": ("waiting", "dash"),
    "failed": ("failed", "x"),
    "broken": ("failed", "x"),
    "at_risk": ("waiting", "exclamation"),
    "unknown": ("plain", "dash"),
    "fail": ("failed", "x"),
    "block": ("failed", "x"),
    "rejected": ("failed", "x"),
    "high": ("failed", "exclamation"),
    "open": ("accent", "circle"),
    "running": ("accent", "play"),
    "work": ("accent", "circle-half"),
    "live": ("accent", "play"),
    "info": ("accent", "info"),
    "primary": ("accent", "star"),
    "answered": ("accent", "return"),
    "accepted": ("plain", "check"),
    "closed": ("plain", "check"),
    "locked": ("plain", "lock"),
    "stopped": ("plain", "stop"),
}
"""State -> (colour, drawn sign). Every state has a sign, so that no state is told by colour."""


@register.filter
def tone(state: Any) -> str:
    """Colour word of a state: passed, waiting, failed, accent or plain."""
    return TONES.get(str(state), ("plain", ""))[0]


@register.filter
def sign(state: Any) -> str:
    """Name of the icon that stands for a state; empty for a plain label."""
    return TONES.get(str(state), ("plain", ""))[1]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@register.filter
def number(value: Any, decimals: int | None = None) -> str:
    """Whole numbers with thousands separators, others to three significant digits.

    ``decimals`` fixes the places behind the point, so that a column lines up. Without them zeros
    at the end that say nothing are left out: 0.66, not 0.660, and 0.01, not 0.0100.
    """
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if not _is_number(value):
        return DASH if value in (None, "") else str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return DASH
    is_free = decimals is None
    if decimals is None:
        decimals = _places(value)
    text = f"{value:,.{decimals}f}"
    if is_free and "." in text and (abs(value) < SMALL or float(text.replace(",", "")) == value):
        text = text.rstrip("0").rstrip(".")
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-") if value == 0 or decimals else "0"
    return text.replace("-", "\N{MINUS SIGN}")


def _places(value: float) -> int:
    if isinstance(value, int) or value == 0 or (value.is_integer() and abs(value) >= 1):
        return 0
    magnitude = math.floor(math.log10(abs(value)))
    return min(8, max(0, SIGNIFICANT - 1 - magnitude))


@register.filter
def typed(value: Any) -> str:
    """A number as the person who gave it typed it, with its thousands parted: 0.62, not 0.620."""
    if not _is_number(value) or not math.isfinite(value):
        return DASH if value in (None, "") else str(value)
    return f"{value:,.10g}".replace("-", "\N{MINUS SIGN}")


@register.filter
def day(value: Any) -> str:
    """A day that was kept as text, as people write it."""
    return day_text(value) if value else DASH


@register.filter
def places(row: Mapping[str, Any]) -> int:
    """Decimals that a verdict's numbers deserve: those its interval leaves, and the promise's own.

    Half the interval's width decides: 0.66 with 0.63 to 0.69 is known to two decimals.
    """
    low, high, promise = row.get("low"), row.get("high"), row.get("threshold")
    known = 2
    if low is not None and high is not None and high > low:
        known = max(0, -math.floor(math.log10((high - low) / 2)))
    typed = f"{promise:.6f}".rstrip("0").partition(".")[2] if promise is not None else ""
    return min(6, max(known, len(typed)))


@register.filter
def promise(row: Mapping[str, Any]) -> str:
    """A verdict's promise with the places of its result; 250 is no more exact as 250.0."""
    value = row.get("threshold")
    is_round = _is_number(value) and abs(value) >= ROUND and float(value).is_integer()
    return number(value, 0 if is_round else places(row))


@register.filter
def percent(value: Any, decimals: int = 1) -> str:
    """A share between 0 and 1 as a percentage; what rounds to nothing says so."""
    if not _is_number(value) or not math.isfinite(value):
        return DASH
    return written(value, decimals)


@register.filter
def answered(value: Any) -> Any:
    """An answer or a truth as a person reads it: a list of labels as the set that it is."""
    return joined(value) if isinstance(value, list) else value


@register.filter
def coded(text: str) -> SafeString:
    """A sentence whose words between backticks are code, as the API's description has them."""
    parts = enumerate(text.split("`"))
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", one) if at % 2 else one,) for at, one in parts)
    )


@register.filter(name="bytes")
def size(value: Any) -> str:
    """Bytes in the largest decimal unit that leaves a number of at least one."""
    if not _is_number(value):
        return DASH
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(amount) < 999.5 or unit == "TB":
            return f"{number(amount, 0 if unit == 'B' or amount >= 10 else 1)}{THIN}{unit}"
        amount /= 1000
    return DASH


@register.filter
def ago(value: datetime | None) -> str:
    """How long ago, with the absolute time in the title; a day and month after four weeks."""
    if value is None:
        return DASH
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    seconds = (timezone.now() - value).total_seconds() if timezone.is_aware(value) else 0
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        f"{local:%-d %B %Y, %H:%M %Z}".strip(),
        _ago_text(local, seconds),
    )


def _ago_text(local: datetime, seconds: float) -> str:
    day_s, minute_s = 86_400, 60
    if abs(seconds) < minute_s:
        return "just now"
    if seconds < 0:
        return f"in {timesince(timezone.now(), local, depth=1)}"
    if seconds < 28 * day_s:
        return f"{timesince(local, depth=1)} ago"
    this_year = local.year == timezone.localtime().year
    return f"{local:%-d %b}" if this_year else f"{local:%-d %b %Y}"


@register.simple_tag
def cells(values: Iterable[tuple[str | None, bool]]) -> SafeString:
    """Cells of one row of a table, each a text (None: missing) and whether it is a number.

    A page of rows has thousands: as loops of a template they take five times as long.
    """
    return SafeString(
        "".join(
            f"<td{_NUM if is_number else ''}>{_MISSING if text is None else escape(text)}</td>"
            for text, is_number in values
        )
    )


_NUM, _MISSING = ' class="num"', '<span class="muted">missing</span>'


@register.filter
def short_hash(value: Any) -> str:
    """The first eight characters of a hash: enough to compare by eye."""
    return str(value)[:8] if value else DASH


@register.filter
def at(found: Mapping[str, Any], key: str) -> Any:
    """What a mapping holds under a key that is only known on the page; None without it."""
    return found.get(key)


@register.filter
def initials(name: Any) -> str:
    """One or two letters that stand for a person."""
    words = [word for word in str(name).split() if word[0].isalnum()]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper() if words else "?"


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of static/icons.svg; ``label`` is read aloud, without it the icon is decoration."""
    said = format_html('<span class="visually-hidden">{}</span>', label) if label else ""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>{}',
        static("icons.svg"),
        name,
        said,
    )


@register.simple_tag
def badge(state: Any, label: str = "") -> SafeString:
    """A state in its colour with its sign, so that it is not told by colour alone."""
    colour, drawn = TONES.get(str(state), ("plain", ""))
    return format_html(
        '<span class="badge-state badge-{}">{}{}</span>',
        colour,
        icon(drawn) if drawn else "",
        label or state,
    )


CONTROL_CLASSES = {"checkbox": "form-check-input", "radio": "", "select": "form-select"}


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """The field's widget with the class of its kind."""
    kind = getattr(field.field.widget, "input_type", "text")
    css = CONTROL_CLASSES.get(kind, "form-control")
    own = field.field.widget.attrs.get("class", "")
    css = " ".join(filter(None, [own, css, "is-invalid" if field.errors and css else ""]))
    return field.as_widget(attrs={"class": css} if css else {})


@register.inclusion_tag("ui/interval.html")
def interval(
    low: float | None,
    high: float | None,
    result: float | None,
    promise: float | None = None,
    axis_low: float | None = None,
    axis_high: float | None = None,
) -> dict[str, Drawing | None]:
    """Draw band, result and promise on one axis; without an axis one is made to fit."""
    return {"drawing": draw_interval(low, high, result, promise, axis=(axis_low, axis_high))}
