"""Parsing and wording of what is typed on the data pages; they write nothing."""
