"""A share as a percentage, written in one way in every sentence, page and chart."""

THIN = "\N{NARROW NO-BREAK SPACE}"


def percent(share: float, places: int | None = 1) -> str:
    """0.0442 as “4.4 %”; what rounds to nothing says so: “<0.1 %”.

    ``places`` behind the point, so that a column lines up; None: as few as tell the share. Nothing
    and all are whole: 0 %, not 0.0 %.
    """
    shown = 100 * float(share)
    if shown in {0.0, 100.0}:
        text = f"{abs(shown):.0f}"
    elif places is None:
        text = f"{shown:.4g}"
    elif 0 < abs(shown) < 10**-places / 2:
        text = f"<{THIN}{10**-places:.{places}f}"
    else:
        text = f"{shown:,.{places}f}"
    return f"{text.replace('-', '\N{MINUS SIGN}')}{THIN}%"
