"""What is not measured but known: what it takes to be taken on, what software must be able to do, what turns.

By method's name, as this bank has it. Everything else in the comparison is measured.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    """Of one method.

    steps: of partner and bank until the first call. artefacts: what exists afterwards and has to be looked
    after. software: what the client's software must be able to do, beside HTTPS and a form.
    turns: what a rotation makes anew.
    """

    steps: tuple[str, ...]
    artefacts: tuple[str, ...]
    software: tuple[str, ...]
    turns: str


_ENROLS = "the scheme's authority admits the partner, which enrols with a one-time secret"
_NAME = "the bank registers the certificate's name"
_CERTIFICATE = "certificate of the scheme, renewed by itself"
_SHOWS = "shows a certificate on each connection, to the API too"
_POOLS = "opens new connections and gets a new token when the certificate turns"
_SIGNS = "signs an assertion for each token request (ES256, PS256 or EdDSA)"
_PROVES = "signs a proof for each request, with a fresh jti and the token's hash"
_NONCE = "repeats a request with the nonce that it is asked for"
_CERTIFICATE_TURNS = "certificate; connections to both servers; token"
_KEY_TURNS = "DPoP key; token"

FACTS = {
    "bearer": Facts(
        (_ENROLS, _NAME),
        (_CERTIFICATE, "registration of a name"),
        ("shows a certificate, to the authorization server alone",),
        "certificate; connection to the authorization server",
    ),
    "certificate_jwt": Facts(
        (_ENROLS, _NAME),
        (_CERTIFICATE, "registration of a name"),
        (_SHOWS, _POOLS),
        _CERTIFICATE_TURNS,
    ),
    "certificate_opaque": Facts(
        (_ENROLS, _NAME),
        (
            _CERTIFICATE,
            "registration of a name",
            "at the bank: a client certificate of the API, to introspect",
        ),
        (_SHOWS, _POOLS),
        _CERTIFICATE_TURNS,
    ),
    "self_signed": Facts(
        ("the partner makes key and certificate", "the bank registers the certificate, each new one too"),
        ("certificate, renewed by agreement or by jwks_uri", "registration of a certificate"),
        (_SHOWS, _POOLS, "makes certificates, and has each registered before it is used"),
        f"{_CERTIFICATE_TURNS}; registration",
    ),
    "private_key_jwt": Facts(
        (_ENROLS, "the partner makes a key", "the bank registers the public key"),
        (_CERTIFICATE, "signing key", "registration of a key"),
        (_SHOWS, _POOLS, _SIGNS),
        f"{_CERTIFICATE_TURNS}. By itself: signing key, published before it is used",
    ),
    "dpop_mtls": Facts(
        (_ENROLS, _NAME),
        (_CERTIFICATE, "registration of a name", "DPoP key, which nobody registers"),
        ("shows a certificate, to the authorization server alone", _PROVES, _NONCE),
        f"{_KEY_TURNS}. By itself: certificate; connection to the authorization server",
    ),
    "dpop": Facts(
        ("the partner makes a key", "the bank registers the public key"),
        ("signing key", "registration of a key", "DPoP key, which nobody registers"),
        (_SIGNS, _PROVES, _NONCE),
        f"{_KEY_TURNS}. By itself: signing key, published before it is used",
    ),
}
