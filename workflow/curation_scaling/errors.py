"""The one exception that bad input raises."""


class InputError(ValueError):
    """Bad input: one sentence that says what is wrong, where, and how to mend it.

    The command line prints the sentence without a traceback and exits with code 2; the workflow prints it before any
    job.
    """
