# What runs on a robot: the control stack, recorder, cameras and input devices. No torch.
#
#     docker build -f docker/robot.Dockerfile -t takeover-robot:local .
#
# Debian packages are not pinned in any of the images: the ROS and Ubuntu archives keep one version
# of each and drop the one before, so that a pinned build fails after the next sync. What must not be
# older than a version is checked instead.
FROM ros:jazzy-ros-base AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]

# rosdep finds what the package.xml files name; python3-venv is for what has no rosdep key.
WORKDIR /opt/takeover
COPY src/package.xml src/
COPY ros2_ws/src/ ros2_ws/src/
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-venv ros-jazzy-rclpy \
    && rosdep update --rosdistro jazzy \
    && rosdep install --from-paths src ros2_ws/src --ignore-src --yes --rosdistro jazzy \
        --dependency-types build --dependency-types buildtool --dependency-types exec \
    && rm -rf /var/lib/apt/lists/* \
    && dpkg --compare-versions \
        "$(dpkg-query --show --showformat '${Version}' ros-jazzy-rclpy)" ge 7.1.6

# The versions and hashes of the lock file, without the ROS wheels and the tools it holds, too.
COPY requirements/ requirements/
RUN python3 -m venv --system-site-packages .venv \
    && .venv/bin/pip install --no-cache-dir --require-hashes \
        --requirement requirements/run.in --constraint requirements/lock.txt

# Copies, no links: the install folder is all that the next stage takes.
COPY src/ src/
COPY config/ config/
COPY launch/ launch/
COPY models/ models/
COPY ros2_ws/colcon_defaults.yaml ros2_ws/
WORKDIR /opt/takeover/ros2_ws
RUN source /opt/ros/jazzy/setup.bash && colcon build


FROM ros:jazzy-ros-base AS robot
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /opt/takeover
COPY src/package.xml src/
COPY ros2_ws/src/ ros2_ws/src/
# libusb is for RealSense cameras; the sources tell rosdep what is needed, and go again.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libusb-1.0-0 ros-jazzy-rclpy \
    && rosdep update --rosdistro jazzy \
    && rosdep install --from-paths src ros2_ws/src --ignore-src --yes --rosdistro jazzy \
        --dependency-types exec \
    && rm -rf /var/lib/apt/lists/* src ros2_ws

# Ids above those of the host's people, the same in every image, so that the volumes are theirs.
RUN groupadd --gid 10001 takeover \
    && useradd --uid 10001 --gid 10001 --create-home --home-dir /var/lib/takeover takeover \
    && install --directory --owner 10001 --group 10001 \
        /var/lib/takeover/logs /var/lib/takeover/learner

COPY --from=build /opt/takeover/.venv .venv
COPY --from=build /opt/takeover/ros2_ws/install ros2_ws/install
COPY docker/entrypoint.sh docker/health.py docker/

# Programs of the workspace start `python3`: the one that has the packages.
ENV PATH=/opt/takeover/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/takeover

# The launch file stops the robot and then its nodes on SIGINT, as on Ctrl-C.
STOPSIGNAL SIGINT
# The manager knows whether the motion nodes are active and answer.
HEALTHCHECK --interval=30s --timeout=15s --start-period=60s --retries=2 \
    CMD ["/opt/takeover/docker/entrypoint.sh", "/opt/takeover/docker/health.py", "lifecycle_manager_node: motion nodes"]
ENTRYPOINT ["/opt/takeover/docker/entrypoint.sh"]
CMD ["ros2", "launch", "takeover_bringup", "robot.launch.xml", "input:=none"]
