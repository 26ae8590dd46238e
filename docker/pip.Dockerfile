# Plain Debian, without ROS: Python, a compiler, and pinned wheels. Runs `make demo`.
#
#     docker build -f docker/pip.Dockerfile -t takeover-pip .
#     docker run --rm -it takeover-pip                        # make demo
#     docker run --rm -it takeover-pip demo-quick             # any other target of the Makefile
#
# docker/run_pip_steps.py executes these instructions without Docker.
FROM debian:bookworm-slim

# Packages are not pinned: a Debian release keeps one version and changes it only to repair it, and
# the mirrors drop the version before, so that a pinned build fails after the next security update.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates g++ make python3 python3-dev python3-venv \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --uid 10001 --create-home --home-dir /opt/takeover takeover
COPY --chown=10001:10001 . /opt/takeover
USER 10001:10001
WORKDIR /opt/takeover

# No cache of packages in the image.
ENV PIP_NO_CACHE_DIR=1
RUN make learn

STOPSIGNAL SIGINT
# It ends by itself, with an exit code; there is no service whose health could be asked for.
HEALTHCHECK NONE
ENTRYPOINT ["make"]
CMD ["demo"]
