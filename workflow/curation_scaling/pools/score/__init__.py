"""The score that a row is ranked by: joined from other tables, and combined."""
