# The image of the action: Python, the locked requirements and pipeproof in an environment of their own, and nothing else.
# .ci/image builds it, with an engine or without one; LOCK=requirements-slim.lock makes the flavour without dbt.
ARG BASE=docker.io/library/python:3.13-slim-trixie

FROM ${BASE} AS requirements
ARG LOCK=requirements.lock
WORKDIR /build
# strip is of this stage alone, and any version of it does.
# hadolint ignore=DL3008
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends binutils > /dev/null \
 && rm -rf /var/lib/apt/lists/*
COPY requirements.lock requirements-slim.lock requirements-dev.lock ./
RUN sed -n '/^uv==/,/[^\\]$/p' requirements.lock > uv.lock \
 && python3 -m venv /uv \
 && /uv/bin/pip install --quiet --no-cache-dir --require-hashes --only-binary :all: -r uv.lock \
 && python3 -m venv --without-pip /opt/pipeproof
ENV UV_NO_CACHE=1 UV_PYTHON=/opt/pipeproof/bin/python
COPY tools/trim.py ./
RUN /uv/bin/uv pip install --quiet --require-hashes --no-build -r "$LOCK" \
 && python3 trim.py /opt/pipeproof \
 && /opt/pipeproof/bin/python -m compileall -q -j 0 /opt/pipeproof/lib

FROM requirements AS package
# What projects are built with, so that one which lacks nothing else starts without the network.
COPY requirements-build.lock ./
RUN /uv/bin/pip download --quiet --no-cache-dir --no-deps --require-hashes --only-binary :all: \
      --dest /package/share/pipeproof/build-backends -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY src src
# The lock of development holds the build backend to a version and its hash.
RUN /uv/bin/uv pip install --quiet --compile-bytecode --no-deps --build-constraints requirements-dev.lock --prefix /package .

FROM ${BASE}
LABEL org.opencontainers.image.title="pipeproof" \
      org.opencontainers.image.description="Test data pipelines in CI: Prefect, AWS stubs, Step Functions and dbt under one pytest run" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/pipeproof/pipeproof"
# Tests run as the owner of the workspace, or as this account where that is root; the mark says that uids may be changed here.
# The base's own library comes without bytecode, which no run could keep.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin pipeproof \
 && mkdir /etc/pipeproof \
 && touch /etc/pipeproof/image \
 && python3 -m compileall -q -x '/(dist-packages|ensurepip|idlelib|lib2to3|site-packages|test|tkinter|turtledemo)/' \
      "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
# Two layers, so that versions of pipeproof with the same requirements share the large one.
COPY --from=requirements /opt/pipeproof /opt/pipeproof
COPY --from=package /package /opt/pipeproof
COPY entrypoint.py /entrypoint.py
# The database that every Prefect server of a test starts from is migrated here, once.
RUN HOME=/tmp/home /opt/pipeproof/bin/python -m pipeproof.environments.prefect && rm -rf /tmp/home
ENV LANG=C.UTF-8 PATH=/opt/pipeproof/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
# Root, as the runner needs it: the supervisor gives the tests another uid.
WORKDIR /github/workspace
HEALTHCHECK NONE
ENTRYPOINT ["/opt/pipeproof/bin/python", "-I", "/entrypoint.py"]
