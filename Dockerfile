# syntax=docker/dockerfile:1
# The one image, of the controller and of its worker Jobs. docs/install.md builds it, and the same without Docker.
#   docker build --tag registry.example.com/dbmigration:0.1.0 .

ARG SWIFT=6.3
ARG DEBIAN=bookworm

FROM swift:${SWIFT}-${DEBIAN} AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libcurl4-openssl-dev libpq-dev libyaml-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
# What is depended on, before what changes with every commit.
COPY Package.swift Package.resolve[d] ./
RUN swift package resolve
COPY Sources Sources
# Package.swift names the tests; they are not built.
COPY Tests Tests
RUN swift build --configuration release --product dbmigration --static-swift-stdlib \
    && install -D --strip "$(swift build --configuration release --show-bin-path)/dbmigration" /image/usr/local/bin/dbmigration

FROM debian:${DEBIAN}-slim
# The client of every PostgreSQL major that may be a source or a target: the newest one is taken, the older ones are there for those who look in.
ARG POSTGRES_MAJORS="13 14 15 16 17 18"
# PostgreSQL's own package archive: Debian has the client of one major only. The key's fingerprint is checked, whatever the network says.
ARG PGDG_FINGERPRINT=B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8
RUN set -eux; \
    apt-get update; \
    apt-get install --yes --no-install-recommends ca-certificates curl gnupg; \
    curl --fail --silent --show-error --output /tmp/pgdg.asc https://www.postgresql.org/media/keys/ACCC4CF8.asc; \
    gpg --show-keys --with-colons /tmp/pgdg.asc | grep --quiet "^fpr:.*:${PGDG_FINGERPRINT}:"; \
    gpg --dearmor --output /usr/share/keyrings/pgdg.gpg /tmp/pgdg.asc; \
    . /etc/os-release; \
    echo "deb [signed-by=/usr/share/keyrings/pgdg.gpg] https://apt.postgresql.org/pub/repos/apt ${VERSION_CODENAME}-pgdg main" \
        > /etc/apt/sources.list.d/pgdg.list; \
    apt-get update; \
    for major in ${POSTGRES_MAJORS}; do clients="${clients:-} postgresql-client-${major}"; done; \
    # Word splitting is wanted: one package for each major.
    apt-get install --yes --no-install-recommends ${clients} libcurl4 libpq5 libyaml-0-2 libstdc++6 tzdata rclone; \
    apt-get purge --yes --auto-remove curl gnupg; \
    rm -rf /var/lib/apt/lists/* /tmp/*; \
    useradd --uid 65532 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin dbmigration
# Terraform, for those who want it at hand: a version, and the SHA-256 of its zip for this architecture, from terraform_<version>_SHA256SUMS of
# releases.hashicorp.com. Without a version, the default, it is left out.
ARG TERRAFORM_VERSION=""
ARG TERRAFORM_SHA256=""
RUN set -eu; \
    if [ -z "${TERRAFORM_VERSION}" ]; then exit 0; fi; \
    apt-get update; \
    apt-get install --yes --no-install-recommends curl unzip; \
    curl --fail --silent --show-error --location --output /tmp/terraform.zip \
        "https://releases.hashicorp.com/terraform/${TERRAFORM_VERSION}/terraform_${TERRAFORM_VERSION}_linux_$(dpkg --print-architecture).zip"; \
    echo "${TERRAFORM_SHA256}  /tmp/terraform.zip" | sha256sum --check --strict; \
    unzip -q /tmp/terraform.zip terraform -d /usr/local/bin; \
    apt-get purge --yes --auto-remove curl unzip; \
    rm -rf /var/lib/apt/lists/* /tmp/*
COPY --from=build /image/ /
# Numeric, so that runAsNonRoot can be checked. Nothing but /tmp is written: the root file system may be read-only.
USER 65532:65532
ENV HOME=/tmp
# 8080 metrics, 8081 health
EXPOSE 8080 8081
ENTRYPOINT ["/usr/local/bin/dbmigration"]
CMD ["controller"]
