#!/bin/bash
# Run a command in the environment of ROS and of the workspace. `exec`, so that the command is the
# process that the container's signals reach.
set -o errexit -o pipefail

# shellcheck source=/dev/null
source /opt/ros/jazzy/setup.bash
# shellcheck source=/dev/null
source /opt/takeover/ros2_ws/install/setup.bash
exec "$@"
