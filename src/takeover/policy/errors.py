"""Errors of policy files and of running them."""

from takeover.errors import TakeoverError


class BundleError(TakeoverError):
    """A policy file must not be used; the message names the field or the byte range at fault."""


class EnvironmentContractError(TakeoverError):
    """No contract can be made for a Gymnasium environment; names the space or rate at fault."""


class PolicyError(TakeoverError):
    """A policy gave no action this time."""


class ShapeError(PolicyError):
    """The observation has another shape or type than the policy was made for."""


class NonFiniteAction(PolicyError):
    """The observation or the action holds NaN or infinity; the robot must hold."""
