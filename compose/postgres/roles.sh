#!/bin/bash
# A database and a role for each service that keeps one, once, when the server's own data is made. The passwords are made at the
# first start and lie in a volume that only this server and the one who made them can see.
set -euo pipefail

for service in ca authserver bank_api; do
    SERVICE=$service psql --no-psqlrc --set ON_ERROR_STOP=1 --set service="$service" \
        --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\set password `cat "/passwords/$SERVICE"`
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service";
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
done
