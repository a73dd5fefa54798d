# Two images: the broker with its configuration, and the one program, of which compose.yaml says which
# service it is. `scripts/containers/base-images` makes the images that these begin with where no registry
# can be reached.
FROM nats:2.14.6-alpine AS broker
COPY nats/*.conf docs/contract/accounts.conf /etc/nats/
# A new volume takes its owner from here.
RUN mkdir /data && chown 10001:10001 /data
USER 10001:10001

FROM rust:1.95.0-bookworm AS build
# `demo` is built in a third of the time, and runs slower.
ARG PROFILE=release
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
COPY nats nats
COPY tests tests
COPY crates crates
COPY examples examples
# Line tables are most of the file, and nobody reads a backtrace in a container.
RUN cargo build --profile $PROFILE --locked --bin murmur \
    && mv target/$PROFILE/murmur . && strip --strip-debug murmur && rm -r target

FROM debian:12.15-slim AS murmur
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin murmur
COPY --from=build /build/murmur /usr/local/bin/
COPY scripts/containers/deployment.toml /deployment/
# The auditor works in the place of query.
RUN mkdir /audit && sed 's#//query:8080#//127.0.0.1:8080#' /deployment/deployment.toml >/audit/deployment.toml
# The lock of a database lies beside its folder: the volume holds both.
RUN mkdir /data /keys /operator && chown murmur:murmur /data /keys /operator
USER 10001:10001
