# The learner, on the robot or on a workstation that sees the log: the robot's image and torch.
#
#     docker build -f docker/learner.Dockerfile -t takeover-learner:local .
#
# The robot's image comes first. Another build of torch, for example the one for processors alone:
# --build-arg PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
ARG ROBOT_IMAGE=takeover-robot:local

# hadolint ignore=DL3006
FROM ${ROBOT_IMAGE} AS learner
ARG PIP_EXTRA_INDEX_URL
USER 0:0
WORKDIR /opt/takeover
COPY requirements/ requirements/
# Versions are pinned, without hashes: see requirements/learn.in.
RUN .venv/bin/pip install --no-cache-dir \
        --requirement requirements/learn.in --constraint requirements/learn-lock.txt
USER 10001:10001
WORKDIR /var/lib/takeover
STOPSIGNAL SIGINT
HEALTHCHECK --interval=30s --timeout=15s --start-period=120s --retries=4 \
    CMD ["/opt/takeover/docker/entrypoint.sh", "/opt/takeover/docker/health.py", "learner_node: learning"]
ENTRYPOINT ["/opt/takeover/docker/entrypoint.sh"]
CMD ["ros2", "launch", "takeover_bringup", "learner.launch.xml"]
