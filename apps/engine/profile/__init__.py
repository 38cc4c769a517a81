"""What a table holds, column by column and against the target: numbers only, no drawing."""
