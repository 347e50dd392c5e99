FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY . .
RUN make build
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/bin/frontdesk /frontdesk
USER 65532
ENTRYPOINT ["/frontdesk"]
CMD ["serve", "--listen", "0.0.0.0:8080"]
