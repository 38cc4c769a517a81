"""Many rows scored as a job."""
