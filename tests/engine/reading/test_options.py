import pytest

from apps.engine.errors import BadParameter
from apps.engine.reading.options import Limits, ReadingOptions


def test_options_survive_json():
    options = ReadingOptions(
        delimiter=";", decimal=",", missing=("", "NA"), kinds={"a": "text"}, header=False
    )
    assert ReadingOptions.from_dict(options.as_dict()) == options


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"format": "xlsx"}, "format 'xlsx'"),
        ({"encoding": "klingon"}, "encoding 'klingon'"),
        ({"encoding": "base64"}, "encoding 'base64'"),
        ({"delimiter": "ab"}, "delimiter 'ab'"),
        ({"delimiter": "\n"}, "delimiter"),
        ({"delimiter": "€"}, "delimiter '€'"),
        ({"quote": None}, "'quote' is a text"),
        ({"quote": ","}, "quote ','"),
        ({"decimal": "x"}, "decimal mark"),
        ({"thousands": "."}, "decimal mark"),
        ({"kinds": {"a": "date"}}, "kind 'date'"),
        ({"delimeter": ","}, "'delimeter' is not known"),
    ],
)
def test_what_cannot_be_used_is_refused(option, says):
    with pytest.raises(BadParameter, match=says):
        ReadingOptions.from_dict(option)


def test_a_wrong_choice_is_refused_before_the_file_is_opened(imported):
    with pytest.raises(BadParameter, match="encoding 'klingon'"):
        imported("a,b\n1,2\n", encoding="klingon")


def test_a_limit_is_changed_by_its_name_only():
    assert Limits.from_dict({"rows": 5}) == Limits(rows=5)
    with pytest.raises(BadParameter, match="limit 'row'"):
        Limits.from_dict({"row": 5})
