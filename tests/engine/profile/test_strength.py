import pytest

from apps.engine.profile.strength import auc_interval, spearman_interval, strength


def test_the_interval_of_an_auc_has_the_published_standard_error():
    """Hanley, McNeil (1982), table II: AUC 0.893 of 51 abnormal and 58 normal, error 0.0325."""
    low, high = auc_interval(0.893, positives=51, negatives=58)
    assert (high - low) / 2 / 1.96 == pytest.approx(0.0325, abs=0.001)


def test_the_interval_of_a_rank_correlation_is_wider_than_pearsons_and_holds_it():
    low, high = spearman_interval(0.5, rows=50)
    assert (round(low, 2), round(high, 2)) == (0.24, 0.69)
    assert spearman_interval(1.0, rows=50) is None
    assert spearman_interval(0.5, rows=4) is None


def test_rows_without_a_number_do_not_sharpen_the_interval_of_its_auc():
    def told(rows, labels, kind):
        points = [{"value": 0.5, "low": 0.4, "high": 0.6} for _ in rows]
        relation = {
            "labels": labels,
            "rows": rows,
            "series": [{"name": "yes", "points": points}],
            "auc": 0.7,
            "effect": {"name": "correlation_ratio", "value": 0.3},
        }
        return strength(relation, kind=kind)

    low, high = told([20, 20, 400], ["1", "2", "missing"], "number")["auc"]
    assert (low, high) == auc_interval(0.7, positives=20, negatives=20)
    assert told([20, 20, 400], ["a", "b", "missing"], "text")["auc"][0] > low
