"""Act 3: the partner does business with the token."""

import json
import uuid

from workshop.story.partner import current_partner, show
from workshop.story.stage import Stage, outcome_of
from workshop.wire import Exchange

TITLE = "The partner does business"


def play(stage: Stage) -> None:
    """Read accounts, a balance and transactions, and make a payment."""
    narrator = stage.narrator
    partner = current_partner(stage.deployment)
    authorization = {"Authorization": f"Bearer {partner.token(stage)}"}
    narrator.say("The partner presents the token, on connections that show the certificate it is bound to.")

    def call(attempt: str, method: str, path: str, expected: str, payment: object = None) -> Exchange:
        headers, body = dict(authorization), None
        if payment is not None:
            headers |= {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
            body = json.dumps(payment).encode()
        url = f"{stage.deployment.api_url}{path}"
        exchange = stage.wire.send(method, url, partner.credentials, headers=headers, body=body)
        show(
            stage,
            "partner",
            "bank_api",
            exchange,
            partner.generation.thumbprint,
            expected_status=int(expected),
        )
        stage.row("3", attempt, expected, outcome_of(exchange))
        return exchange

    accounts = call("reads its accounts", "GET", "/accounts", "200").json()["accounts"]
    account = accounts[0]
    balances = call("reads a balance", "GET", f"/accounts/{account['id']}/balances", "200").json()
    call("reads transactions", "GET", f"/accounts/{account['id']}/transactions", "200")
    amount = {"amount": "12.50", "currency": account["currency"]}
    payment = call(
        "makes a payment",
        "POST",
        "/payments",
        "201",
        {
            "debtor_account": account["id"],
            "creditor_name": "Paper Mill Ltd",
            "creditor_iban": "GB33BUKB20201555555555",
            "amount": amount,
            "reference": "Invoice 2041",
        },
    ).json()
    narrator.facts(
        {
            "accounts": ", ".join(f"{each['name']} ({each['currency']})" for each in accounts),
            "balance before": "{amount} {currency}".format(**balances["balances"][0]["amount"]),
            "payment": f"{payment['id']}: {amount['amount']} {amount['currency']} to Paper Mill Ltd",
        }
    )
    call("reads the payment again", "GET", f"/payments/{payment['id']}", "200")
