# One image with the one program; compose.yaml says which service it is.
FROM rust:1-bookworm AS build
WORKDIR /build
COPY . .
RUN cargo build --release --locked --bin murmur

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/* && useradd --system --create-home murmur
COPY --from=build /build/target/release/murmur /usr/local/bin/
# The lock of a database lies beside its folder: the volume holds both.
RUN mkdir /data /keys && chown murmur /data /keys
USER murmur
VOLUME /data /keys
