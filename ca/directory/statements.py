"""Software statements: what the scheme's operator vouches for when a participant registers at a bank.

RFC 7591 §2.3, https://www.rfc-editor.org/rfc/rfc7591. A statement is no secret: whoever shows it also shows,
in the TLS handshake, a certificate with the name in it. It is for each bank of the scheme, and so has no
audience.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from ca.register.models import Participant
from ca.register.participants import ALTERNATIVE_NAMES, Application, NotAdmitted
from sender_constraint.core.thumbprints import jwk_thumbprint
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import jwk_of

TYPE = "software-statement+jwt"
CLIENT_PROFILE = "client"
LONGEST_LIFETIME = timedelta(days=398)
SUBJECT_DN = "subject_dn"
# RFC 8705 §2.1.2: a client is known by exactly one of these.
NAMES = (SUBJECT_DN, *ALTERNATIVE_NAMES)


def software_statement(
    claims: Mapping[str, Any],
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    lifetime: timedelta,
    now: datetime,
) -> str:
    """The signed statement (RFC 7591 §2.3). claims: see ``stated``. issuer: the directory's identifier."""
    issued_at = int(now.timestamp())
    times = {"iat": issued_at, "exp": issued_at + int(lifetime.total_seconds())}
    header = {"typ": TYPE, "kid": jwk_thumbprint(jwk_of(key))}
    return jws.sign(header, {"iss": issuer, **times, "jti": str(uuid.uuid4()), **claims}, key)


def stated(application: Application, name: str, client_name: str, scope: str) -> dict[str, str]:
    """The client metadata that the directory vouches for (RFC 7591 §2, RFC 8705 §2.1.2).

    name: of NAMES, by which banks are to know the participant. client_name, scope: empty leaves them out.
    Raises NotAdmitted unless the participant has exactly one name of this kind.
    """
    values = (application.subject,) if name == SUBJECT_DN else getattr(application, name)
    if len(values) != 1:
        raise NotAdmitted(f"{application.participant} has {len(values)} names {name}, and not one: see --by")
    claims = {
        "software_id": application.participant,
        "client_name": client_name or application.participant,
        "token_endpoint_auth_method": "tls_client_auth",
        f"tls_client_auth_{name}": values[0],
    }
    return claims | ({"scope": scope} if scope else {})


def participants() -> list[dict[str, Any]]:
    """Who takes part, by name: what is in their certificates, and nothing else."""
    found = Participant.objects.prefetch_related("enrolments").order_by("name")
    return [
        {
            "name": participant.name,
            "certificates": [
                {
                    "profile": enrolment.profile_name,
                    "subject": enrolment.subject,
                    **{kind: getattr(enrolment, kind) for kind in ALTERNATIVE_NAMES},
                }
                for enrolment in participant.enrolments.order_by("profile_name", "subject")
            ],
        }
        for participant in found
    ]
