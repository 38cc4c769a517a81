"""Several typed tables to one: keys, joins of every kind, and what a join would do beforehand."""
