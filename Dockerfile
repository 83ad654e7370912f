# One image for every part: `verifier serve`, `worker`, `relay`, `migrate`. Weights and fonts are inside, nothing is
# fetched when it runs.

FROM python:3.11-slim-bookworm AS build

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PATH=/opt/verifier/bin:$PATH \
    VERIFIER_MODELS_DIR=/opt/models

# OpenCV's wheel draws on these two of the system's libraries, and the build below runs it.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /opt/verifier \
 && pip install --require-hashes -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY fixtures fixtures
COPY verifier verifier
COPY workers workers
RUN pip install --no-deps --no-build-isolation .

# From an empty folder, so that the installed package is what runs. Weights and fonts are checked against their SHA-256.
WORKDIR /opt/models
RUN verifier models fetch \
 && python -m fixtures fonts \
 && pip uninstall -y pip

FROM python:3.11-slim-bookworm

# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin verifier \
 && install -d -m 0700 -o verifier -g verifier /run/verifier

COPY --from=build /opt/verifier /opt/verifier
COPY --from=build /opt/models /opt/models

# /run/verifier holds sockets, /tmp what a library wants to write for itself: the only two places that are written to.
ENV PATH=/opt/verifier/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    VERIFIER_DATA=/run/verifier \
    VERIFIER_MODELS_DIR=/opt/models \
    VERIFIER_HOST=0.0.0.0 \
    VERIFIER_LOG_JSON=true

USER 10001:10001
WORKDIR /run/verifier
EXPOSE 8080
ENTRYPOINT ["verifier"]
CMD ["serve"]
