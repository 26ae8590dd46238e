"""The one exception class every error of the library derives from."""


class TakeoverError(Exception):
    """Something the caller can act on; the message says what, where, and the legal form."""
