"""Approved groups become one mapping, however they overlap."""

from apps.engine.recipe.clusters import merged


def test_each_value_goes_to_one_name_however_groups_overlap():
    spelling = (("Paris", "paris", "PARIS"), "Paris")
    slip = (("Pariss", "Paris"), "Paris (FR)")
    assert dict(merged([spelling])) == {"paris": "Paris", "PARIS": "Paris"}
    assert dict(merged([spelling, slip])) == dict.fromkeys(
        ("Paris", "paris", "PARIS", "Pariss"), "Paris (FR)"
    )
    assert merged([]) == []


def test_groups_that_exchange_their_names_come_to_an_end():
    assert dict(merged([(("a", "b"), "b"), (("b", "a"), "a")])) == {"b": "a"}
