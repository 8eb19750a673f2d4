"""Select rows by exact global ranks of their scores, in bounded memory, over any number of jobs."""
