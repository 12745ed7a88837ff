# One image for all services, workers and the story; what a container is, its command says.
FROM python:3.13-slim-trixie

# curl and openssl are for people (docker compose run shell), and for the health checks.
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends ca-certificates curl openssl \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements/compose.txt requirements/
RUN python -m venv /venv \
 && /venv/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check \
    --no-deps --require-hashes --only-binary :all: --requirement requirements/compose.txt
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1

COPY sender_constraint sender_constraint
COPY operations operations
COPY ca ca
COPY authserver authserver
COPY bank_api bank_api
COPY partner_client partner_client
COPY workshop workshop
COPY compose/shell.bashrc compose/

# Volumes take the owner of the folder that they are mounted on.
RUN python -m compileall -q sender_constraint operations ca authserver bank_api partner_client workshop \
 && useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin workshop \
 && for party in ca authserver bank_api partner_client other_partner thief own_client; do \
        install -d -o workshop -g workshop -m 0700 "/state/$party" "/audit/$party"; \
    done \
 && for organisation in operator bank partner other_partner; do \
        install -d -o workshop -g workshop -m 0700 "/redis/$organisation"; \
    done \
 && install -d -o workshop -g workshop /passwords /public /shared

USER workshop
