"""Tables at the edge: every page of Explore and every chart on it answers."""

import re
from urllib.parse import quote

import pytest

from apps.web.refusals import Refusal

pytestmark = pytest.mark.once
FIGURE = re.compile(r'data-chart="([^"]+)"')
PAGES = ("overview", "relations", "target", "leaks", "missing", "time", "compare", "chart", "rows")


def lines(head, body):
    return "\n".join([head, *body]) + "\n"


def diagnosis(n):
    return "malignant" if n % 3 else "benign"


TABLES = {
    "one row": (lines("size,kind,day,diagnosis", ["1.5,a,2024-01-01,benign"]), 4),
    "one column": (lines("diagnosis", [diagnosis(n) for n in range(60)]), 1),
    "all missing": (lines("gone,size,diagnosis", [f",{n},{diagnosis(n)}" for n in range(60)]), 3),
    "nothing but gaps": (lines("gone,lost,diagnosis", [",," for _ in range(40)]), 3),
    "constant": (lines("same,word,diagnosis", ["7,a,benign" for _ in range(60)]), 3),
    "categories": (
        lines(
            "code,size,diagnosis", [f"c{n % 10_000},{n % 7},{diagnosis(n)}" for n in range(20_000)]
        ),
        3,
    ),
    "infinite": (
        lines(
            "size,odd,diagnosis",
            [
                f"{('inf', '-inf', 'inf')[n % 3]},{n if n % 5 else 'inf'}.0,{diagnosis(n)}"
                for n in range(60)
            ],
        ),
        3,
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_page_and_chart_of_an_odd_table_answers(client, analyst, profiled_csv, at, name):
    text, columns = TABLES[name]
    profiled_csv(text)
    client.force_login(analyst)
    by = quote("diagnosis")
    addresses = [
        *map(at, PAGES),
        *(at("column", place) for place in range(1, columns + 1)),
        *(at("pair", 1, place) for place in range(1, columns + 1)),
        f"{at('compare')}?by={by}",
        f"{at('chart')}?kind=bar&x={by}",
    ]
    for address in addresses:
        page = client.get(address)
        assert page.status_code == 200, address
        assert "nan" not in page.content.decode().casefold().split(), address
        for figure in FIGURE.findall(page.content.decode()):
            told = client.get(figure.replace("&amp;", "&"))
            assert told.status_code == 200, (address, figure)
            assert told.json()["table"]["rows"], (address, figure)


def test_without_rows_there_is_no_table_and_every_page_says_so(client, analyst, profiled_csv, at):
    with pytest.raises(Refusal, match="Build the table first"):
        profiled_csv("size,diagnosis\n")
    client.force_login(analyst)
    for name in PAGES[:-1]:
        page = client.get(at(name))
        assert page.status_code == 200, name
        assert "There is no table yet" in page.content.decode(), name
