"""Days and periods as people write them, in one way in every sentence, page and chart."""

from datetime import date

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_text(day: object) -> str:
    """2027-06-30 as “30 June 2027”; what is no day stays as it is."""
    try:
        return f"{date.fromisoformat(str(day)):%-d %B %Y}"
    except ValueError:
        return str(day)


def period_text(start: str, step: str) -> str:
    """A step of time by its start (ISO 8601), with no more than the step needs: “Jan 2013”."""
    year, month, day = start[:4], MONTHS[int(start[5:7]) - 1], int(start[8:10])
    if step in {"year", "decade", "century"}:
        return year
    if step in {"month", "quarter"}:
        return f"{month} {year}"
    if step in {"day", "week"}:
        return f"{day} {month} {year}"
    return f"{day} {month} {year}, {start[11:16] or '00:00'}"


def span_text(first: str, last: str, step: str) -> str:
    """From one step of time to another, what both share said once: “1 Jan to 6 Jan 2025”."""
    begins, ends = period_text(first, step), period_text(last, step)
    if begins == ends:
        return begins
    if first[:4] == last[:4] and step in {"day", "week", "month", "quarter"}:
        begins = begins.removesuffix(f" {first[:4]}")
    elif first[:10] == last[:10] and ", " in ends:
        ends = ends.partition(", ")[2]
    return f"{begins} to {ends}"
