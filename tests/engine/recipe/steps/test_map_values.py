import pytest

from apps.engine.errors import BadParameter


@pytest.mark.parametrize(
    ("cells", "mapping", "after"),
    [
        (["Yes", "No", "yes", None], [["Yes", "Y"], ["No", None]], ["Y", None, "yes", None]),
        (["a", "b"], [["a", "b"], ["b", "a"]], ["b", "a"]),
        ([1, 2, None], [["1", "10"], ["2", None]], [10, None, None]),
        ([0.5, 1.0, None], [["0.5", "2"], ["1", None]], [2.0, None, None]),
        ([True, False, None], [["true", "false"]], [False, False, None]),
    ],
)
def test_values_are_replaced_all_at_once_and_others_stay(
    table, done, values, cells, mapping, after
):
    assert values(done(table(a=cells), "map_values", column="a", mapping=mapping)["a"]) == after


def test_the_sentence_and_the_count_tell_what_happened(table, effect):
    found = effect(table(Churn=["Yes", "No"]), "map_values", column="Churn", mapping=[["Yes", "1"]])
    assert found["sentence"] == "Map 1 value of “Churn”"
    assert found["cells_changed"] == 1


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ([["x", "1"]], "'x' is not a whole number"),
        ([["1", "2.5"]], "'2.5' is not a whole number"),
        ([["1", "2"], ["1", "3"]], "one value twice"),
        ([["1"]], r"list of \[from, to\]"),
        ([], "fill it in"),
    ],
)
def test_a_mapping_that_does_not_fit_the_kind_is_refused(table, done, mapping, says):
    with pytest.raises(BadParameter, match=says):
        done(table(a=[1]), "map_values", column="a", mapping=mapping)
