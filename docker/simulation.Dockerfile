# The simulated robot with the whole stack: the robot's image, and software rendering for cameras.
#
#     docker build -f docker/simulation.Dockerfile -t takeover-simulation:local .
#
# The robot's image comes first.
ARG ROBOT_IMAGE=takeover-robot:local

# hadolint ignore=DL3006
FROM ${ROBOT_IMAGE} AS simulation
USER 0:0
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libegl1 libgl1-mesa-dri libosmesa6 \
    && rm -rf /var/lib/apt/lists/*
USER 10001:10001
WORKDIR /var/lib/takeover
STOPSIGNAL SIGINT
HEALTHCHECK --interval=30s --timeout=15s --start-period=60s --retries=2 \
    CMD ["/opt/takeover/docker/entrypoint.sh", "/opt/takeover/docker/health.py", "lifecycle_manager_node: motion nodes", "sim_node: simulation"]
ENTRYPOINT ["/opt/takeover/docker/entrypoint.sh"]
CMD ["ros2", "launch", "takeover_bringup", "sim.launch.xml"]
