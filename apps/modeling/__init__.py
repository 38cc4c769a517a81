"""Modeling: experiments, trials, frozen candidates, openings of the sealed test, verdicts."""
