"""Pages of the data room: sources, the table, the split."""
