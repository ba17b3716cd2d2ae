# Runs as a non-root user. Build: docker build -t reconciler .
# Run as the user that owns the folder: docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/data" \
#   -e VISMA_CLIENT_ID -e VISMA_CLIENT_SECRET -e VISMA_TENANT_ID reconciler plan
FROM python:3.12-slim@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE action.yml ./
COPY reconciler reconciler
COPY schemas schemas
COPY examples examples
COPY docs docs
RUN python -m venv /opt/reconciler \
    && /opt/reconciler/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.12-slim@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea
# git is needed for the commit in a plan, and for `plan --base`.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/reconciler /opt/reconciler
ENV PATH=/opt/reconciler/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1
WORKDIR /data
USER 10001:10001
ENTRYPOINT ["reconciler"]
CMD ["--help"]
