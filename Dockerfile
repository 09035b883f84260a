# The image of the action: Python, the locked requirements and pipeproof in an environment of their own, and nothing else.
# .ci/image builds it, with an engine or without one.
ARG BASE=docker.io/library/python:3.13-slim-trixie

FROM ${BASE} AS requirements
WORKDIR /build
COPY requirements.lock requirements-dev.lock ./
RUN sed -n '/^uv==/,/[^\\]$/p' requirements.lock > uv.lock \
 && python3 -m venv /uv \
 && /uv/bin/pip install --quiet --no-cache-dir --require-hashes --only-binary :all: -r uv.lock \
 && python3 -m venv --without-pip /opt/pipeproof
ENV UV_NO_CACHE=1 UV_COMPILE_BYTECODE=1 UV_PYTHON=/opt/pipeproof/bin/python
RUN /uv/bin/uv pip install --quiet --require-hashes --no-build -r requirements.lock

FROM requirements AS package
COPY pyproject.toml README.md LICENSE ./
COPY src src
# The lock of development holds the build backend to a version and its hash.
RUN /uv/bin/uv pip install --quiet --no-deps --build-constraints requirements-dev.lock --prefix /package .

FROM ${BASE} AS full
LABEL org.opencontainers.image.title="pipeproof" \
      org.opencontainers.image.description="Test data pipelines in CI: Prefect, AWS stubs, Step Functions and dbt under one pytest run" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/pipeproof/pipeproof"
# Tests run as the owner of the workspace, or as this account where that is root; the mark says that uids may be changed here.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin pipeproof \
 && mkdir /etc/pipeproof \
 && touch /etc/pipeproof/image
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
