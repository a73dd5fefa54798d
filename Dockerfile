# One image with every program; compose.yaml says which one runs.
FROM rust:1-bookworm AS build
WORKDIR /build
COPY . .
RUN cargo build --release --locked --bins

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/* && useradd --system --create-home murmur
COPY --from=build \
    /build/target/release/customer /build/target/release/product /build/target/release/order \
    /build/target/release/inventory /build/target/release/payment /build/target/release/shipping \
    /build/target/release/query /build/target/release/composer /build/target/release/murmur /usr/local/bin/
# The lock of a database lies beside its folder: the volume holds both.
RUN mkdir /data /keys && chown murmur /data /keys
USER murmur
VOLUME /data /keys
