"""``var/demo.env``, and commands to copy that use it."""

import shlex
from pathlib import Path

from workshop.environment.deployment import Deployment


def write(file: Path, deployment: Deployment) -> None:
    """Write the variables as ``export NAME='value'`` lines; a reader sees the old or the new file."""
    lines = [f"export {name}={_quoted(value)}\n" for name, value in deployment.variables().items()]
    new = file.with_name(f".{file.name}.new")
    new.write_text("".join(lines))
    new.replace(file)


def commands() -> str:
    """Commands that get a token, list the accounts and pay by demo.env's variables, for any shell."""
    return r"""
# A token, bound to the certificate of the connection on which it is asked for:
TOKEN=$(curl --silent --show-error --cacert "$TRUST_BUNDLE" --cert "$CLIENT_CERTIFICATE" --key "$CLIENT_KEY" \
    --data grant_type=client_credentials --data client_id="$CLIENT_ID" --data scope="accounts payments" \
    "$ISSUER/token" | sed 's/.*"access_token": *"\([^"]*\)".*/\1/')

# The accounts that the partner may see:
curl --silent --show-error --write-out '\n' --cacert "$TRUST_BUNDLE" \
    --cert "$CLIENT_CERTIFICATE" --key "$CLIENT_KEY" \
    --header "Authorization: Bearer $TOKEN" "$API_URL/accounts"

# The same token beside somebody else's certificate is refused:
curl --silent --show-error --write-out '\n' --include --cacert "$TRUST_BUNDLE" \
    --cert "$OTHER_CLIENT_CERTIFICATE" --key "$OTHER_CLIENT_KEY" \
    --header "Authorization: Bearer $TOKEN" "$API_URL/accounts"

# A payment from the first of the accounts. Sent again with the same key, it is still made once:
ACCOUNT=$(curl --silent --show-error --cacert "$TRUST_BUNDLE" \
    --cert "$CLIENT_CERTIFICATE" --key "$CLIENT_KEY" \
    --header "Authorization: Bearer $TOKEN" "$API_URL/accounts" \
    | tr ',' '\n' | sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' | head -n 1)
KEY=$(openssl rand -hex 16)
curl --silent --show-error --write-out '\n' --cacert "$TRUST_BUNDLE" \
    --cert "$CLIENT_CERTIFICATE" --key "$CLIENT_KEY" \
    --header "Authorization: Bearer $TOKEN" --header "Idempotency-Key: $KEY" \
    --header "Content-Type: application/json" \
    --data '{"debtor_account": "'"$ACCOUNT"'", "creditor_name": "Paper Mill Ltd",
             "creditor_iban": "GB33BUKB20201555555555", "amount": {"amount": "12.50", "currency": "EUR"}}' \
    "$API_URL/payments"
""".strip()


def source_command(file: Path) -> str:
    """The line that brings the variables into a shell."""
    return f". {shlex.quote(str(file))}"


def _quoted(value: str) -> str:
    """In single quotes always, as a POSIX shell reads them."""
    return "'" + value.replace("'", "'\"'\"'") + "'"
