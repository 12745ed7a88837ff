"""TLS for calls out: the server is always verified, the caller's certificate belongs to one generation."""

import ssl
from pathlib import Path

from sender_constraint.certificates.checked_servers import ServerStatus, check_servers
from sender_constraint.certificates.generation import Generation
from sender_constraint.core.trust_anchors import TrustAnchors

# RFC 9325 §4.2: forward secrecy and authenticated encryption; of TLS 1.2 these, for servers and for clients
# (FAPI 2.0 §5.2.2). TLS 1.3 has no others.
TLS_1_2_SUITES = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
)


def client_context(
    trust_bundle: Path, generation: Generation | None = None, servers: ServerStatus | None = None
) -> ssl.SSLContext:
    """TLS 1.2 or later towards servers under these authorities, by name.

    trust_bundle: PEM. generation: whose key and certificate to present, if any; an expired certificate
    is presented as well, since there are servers that accept one (a renewal).
    servers: how the servers' certificates are checked for revocation; without it they are not.
    Raises OSError if the files cannot be read, among them ssl.SSLError.

    The context keeps what it read: it stays with this generation, whatever happens to its files.
    Python's ssl resumes a session only if it is handed one, which nothing here does.
    """
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(trust_bundle))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(TLS_1_2_SUITES))
    if generation is not None:
        context.load_cert_chain(generation.certificate_path, generation.private_key_path)
    if servers is not None:
        check_servers(context, _anchors(trust_bundle), servers)
    return context


def _anchors(trust_bundle: Path) -> TrustAnchors:
    try:
        return TrustAnchors.from_pem(trust_bundle.read_bytes())
    except ValueError as error:
        raise ssl.SSLError(f"{trust_bundle}: {error}") from error
