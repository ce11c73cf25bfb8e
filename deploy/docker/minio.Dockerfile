# MinIO from its last source release: its own images are no longer published (docs/adr/0003).
ARG GO_IMAGE=golang:1.26-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${GO_IMAGE} AS build
ARG MINIO_VERSION=v0.0.0-20260212201848-7aac2a2c5b7c
RUN CGO_ENABLED=0 GOFLAGS=-trimpath GOBIN=/out go install -ldflags "-s -w" "github.com/minio/minio@${MINIO_VERSION}" \
    && cp "$(go env GOMODCACHE)/github.com/minio/minio@${MINIO_VERSION}/LICENSE" /out/

FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="MinIO, built from source" \
      org.opencontainers.image.licenses="AGPL-3.0-only" \
      org.opencontainers.image.source="github.com/minio/minio"
RUN groupadd --gid 10002 minio && useradd --uid 10002 --gid 10002 --no-create-home --home-dir /data minio \
    && install -d -m 0750 -o minio -g minio /data
COPY --from=build /out/minio /usr/local/bin/minio
COPY --from=build /out/LICENSE /usr/local/share/minio/LICENSE
USER 10002:10002
VOLUME /data
EXPOSE 9000
ENTRYPOINT ["minio"]
CMD ["server", "/data", "--address", ":9000"]
