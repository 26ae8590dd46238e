"""In-process tests of the ROS bindings: a domain of their own, real messages."""

import pytest
import rclpy
from tests.stack import new_domain


@pytest.fixture
def ros():
    """Return a function that initialises rclpy with the given ROS arguments."""
    domain = new_domain()

    def initialise(*arguments: str) -> None:
        rclpy.init(args=['--ros-args', *arguments] if arguments else None, domain_id=domain)

    yield initialise
    rclpy.try_shutdown()
