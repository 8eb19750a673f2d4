"""The figures of the report, one topic a file."""
