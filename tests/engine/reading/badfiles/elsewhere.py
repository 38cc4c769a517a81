"""Cases 67 and 86 to 96: what is met after the file is read, or while it comes."""

from tests.engine.reading.badfiles.case import Elsewhere

CONSOLIDATE = "tests/engine/joining/test_join.py"
TRAINING = "tests/engine/training/test_training.py"
DATASETS = "tests/datasets/test_badfiles.py"
UPLOADS = "tests/datasets/test_uploads.py"

CASES = (
    Elsewhere(67, "names that lead elsewhere", DATASETS, "test_a_hostile_file_name_is_only_shown"),
    Elsewhere(86, "the same file twice", DATASETS, "test_the_same_file_twice_is_told"),
    Elsewhere(
        87,
        "many rows of a key on both sides",
        CONSOLIDATE,
        "test_a_repeated_key_is_refused_with_the_rows_it_would_make",
    ),
    Elsewhere(
        88,
        "keys of two kinds",
        CONSOLIDATE,
        "test_text_and_number_keys_are_refused_and_whole_and_decimal_ones_match",
    ),
    Elsewhere(
        88,
        "missing keys",
        CONSOLIDATE,
        "test_a_missing_key_that_repeats_is_no_repeated_key",
    ),
    Elsewhere(
        89,
        "a source of another project",
        "tests/datasets/test_collect.py",
        "test_sources_of_another_project_are_not_there",
    ),
    Elsewhere(90, "a recipe that leaves no row", DATASETS, "test_a_recipe_that_leaves_no_row"),
    Elsewhere(
        90, "a recipe that leaves no column", DATASETS, "test_a_recipe_that_leaves_no_column"
    ),
    Elsewhere(
        91,
        "a target of one class",
        "tests/datasets/test_split.py",
        "test_a_target_with_one_class_gets_one_sentence",
    ),
    Elsewhere(
        91,
        "targets that cannot be learned",
        "tests/engine/splitting/test_advice.py",
        "test_a_target_that_cannot_be_learned_is_refused",
    ),
    Elsewhere(
        91,
        "a class too small for each part",
        "tests/engine/splitting/test_methods.py",
        "test_a_class_that_cannot_reach_every_part_is_refused_by_name",
    ),
    Elsewhere(
        92,
        "columns nobody can learn from",
        "tests/engine/training/test_final.py",
        "test_what_cannot_be_learnt_from_is_refused_in_words",
    ),
    Elsewhere(
        92,
        "a column that copies the target",
        "tests/engine/profile/test_relations.py",
        "test_unique_values_do_not_look_predictive_but_a_copy_of_the_target_does",
    ),
    Elsewhere(
        93,
        "bytes changed at random",
        "tests/engine/reading/test_damage.py",
        "test_a_damaged_file_is_read_or_refused_in_one_sentence",
    ),
    Elsewhere(
        94,
        "any CSV that was written reads back",
        "tests/engine/reading/test_imports.py",
        "test_any_table_written_as_csv_reads_back_cell_by_cell",
    ),
    Elsewhere(
        94,
        "any table that was written reads back",
        "tests/engine/reading/test_roundtrips.py",
        "test_any_table_that_was_written_reads_back",
    ),
    Elsewhere(
        95,
        "an upload that breaks off and goes on",
        UPLOADS,
        "test_a_file_in_two_pieces_becomes_a_version_with_the_same_bytes",
    ),
    Elsewhere(95, "more bytes than announced", UPLOADS, "test_more_than_was_announced_is_refused"),
    Elsewhere(95, "forms that are not forms", DATASETS, "test_a_broken_form_is_refused"),
    Elsewhere(
        96,
        "a quota",
        UPLOADS,
        "test_a_team_keeps_no_more_than_its_quota_and_equal_bytes_count_once",
    ),
)
