"""The plan: what is promised, to whom, measured how. Drafts are edited; versions never are."""
