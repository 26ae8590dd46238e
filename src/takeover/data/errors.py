"""Errors of logs."""

from takeover.errors import TakeoverError


class LogError(TakeoverError):
    """A log cannot be read or written; names the file, and the byte where there is one."""


class MessageError(LogError):
    """The bytes of a message are not what its definition says."""
