"""Choices about what is learnt from training rows: filling, grouping, encoding, scaling, selecting.

They take the place of the automatic preparation for the columns that they are about, inside of
every candidate's pipeline, so that they are fitted on training folds only (decision 31).
"""
