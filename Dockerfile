# A container with Python, uv and make, for any machine that has Docker or Podman:
#
#     docker build -t gluon-softmax .
#     docker run --rm -it -v gluon-softmax:/cache -v "$PWD":/work gluon-softmax
#
# The project is mounted at /work. The environment, the data and uv's downloads are in the volume /cache.
# See docs/installing.md.
ARG BASE=python:3.13-slim
FROM ${BASE}

# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*

# For a mirror: --build-arg PIP_INDEX_URL=...
ARG PIP_INDEX_URL
COPY tools/uv.txt /opt/uv.txt
RUN python3 -m venv /opt/uv \
    && /opt/uv/bin/pip install --no-cache-dir --require-hashes -r /opt/uv.txt \
    && ln -s /opt/uv/bin/uv /usr/local/bin/uv

# Mode 1777 lets any --user write to the volume. The named user is for .devcontainer/.
RUN useradd --uid 1000 --home-dir /cache --no-create-home --shell /bin/bash user \
    && install -d -o user -g user -m 1777 /cache
ENV HOME=/cache \
    UV_PROJECT_ENVIRONMENT=/cache/venv \
    UV_PYTHON_DOWNLOADS=never \
    PATH=/cache/venv/bin:$PATH
VOLUME /cache
WORKDIR /work

COPY tools/container /usr/local/bin/container
ENTRYPOINT ["container"]
CMD ["gluon-softmax", "reproduce"]
