FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY . .
RUN make build && mkdir /data
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/bin/frontdesk /frontdesk
# What the program writes: an SQLite database, its key, and what lies beside them.
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/frontdesk"]
CMD ["serve", "--listen", "0.0.0.0:8080"]
