"""What a candidate's page may show where a column is sensitive."""

from apps.engine.training.veil import HIDDEN, veil_diagnosis, veil_row

UNUSUAL = [
    {"column": "faith", "value": "x", "usual": 0.1, "says": "as in 10 % of the rows"},
    {"column": "age", "value": 90, "usual": 0.2, "says": "higher than in 90 % of the rows"},
]
CASE = {"row": 3, "truth": "yes", "told": "no", "unusual": UNUSUAL}
TOLD = {
    "rows": 9,
    "weak": {
        "tried": 2,
        "found": [
            {
                "where": "faith is x and age is 80 to 90",
                "parts": [
                    {"column": "faith", "label": "x"},
                    {"column": "age", "label": "80 to 90"},
                ],
            }
        ],
    },
    "worst": [{"row": 3, "values": {"faith": "x", "age": 90}}],
    "wrong": [CASE],
    "clusters": [
        {
            "conditions": [
                {"column": "faith", "says": "is x"},
                {"column": "age", "says": "is above 80"},
            ],
            "rows": 40,
            "examples": [CASE],
        }
    ],
}


def veiled(*sensitive, target="claim", told=TOLD):
    return veil_diagnosis(told, sensitive=set(sensitive), target=target)


def test_groups_lose_their_names_and_rows_their_values():
    told = veiled("faith")
    found = told["weak"]["found"][0]["where"]
    assert found == "faith is one of its groups and age is 80 to 90"
    assert told["worst"][0]["values"] == {"faith": HIDDEN, "age": 90}
    assert told["wrong"][0]["unusual"] == UNUSUAL[1:]
    assert told["clusters"][0]["conditions"][0]["says"] == "is one of its groups"
    assert told["clusters"][0]["examples"][0]["unusual"] == UNUSUAL[1:]
    assert told["clusters"][0]["rows"] == 40
    assert TOLD["worst"][0]["values"]["faith"] == "x"  # what is stored stays as it is


def test_without_a_sensitive_column_nothing_is_taken_out():
    assert veiled() is TOLD
    assert veiled("income")["wrong"] == TOLD["wrong"]
    assert veiled("faith", told={}) == {}


def test_where_the_target_is_sensitive_no_single_row_is_shown():
    told = veiled("claim")
    assert (told["worst"], told["wrong"], told["clusters"][0]["examples"]) == ([], [], [])
    row = {"truth": "yes", "parts": [{"feature": "faith", "value": "x", "part": 0.1}]}
    assert veil_row(row, sensitive={"claim"}, target="claim")["truth"] == HIDDEN


def test_an_explained_row_keeps_what_a_sensitive_feature_adds():
    row = {"truth": "yes", "parts": [{"feature": "faith", "value": "x", "part": 0.1}]}
    told = veil_row(row, sensitive={"faith"}, target="claim")
    assert told["parts"] == [{"feature": "faith", "value": HIDDEN, "part": 0.1}]
    assert told["truth"] == "yes"


def test_a_group_found_before_conditions_were_kept_one_by_one_loses_its_words():
    old = {**TOLD, "weak": {"tried": 1, "found": [{"where": "faith is x"}]}, "clusters": []}
    assert veiled("faith", told=old)["weak"]["found"][0]["where"] == "a group of faith"
