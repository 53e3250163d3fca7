"""One module a measure: each yields the lines of the table that it fills."""
