"""DPoP proofs, as a client makes them.

RFC 9449, OAuth 2.0 Demonstrating Proof of Possession (DPoP), §4.1, §4.2, §7.1, §8 and §9
(https://www.rfc-editor.org/rfc/rfc9449). Each request has a proof of its own, a repeated one too. A nonce
belongs to the origin that gave it, and every answer may bring the next one: good ones, and refusals of what
was just repeated.

With httpx alone::

    auth = DpopAuth(DpopProofs(key), access_token)
    httpx.get("https://api.example/accounts", auth=auth)
"""

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Generator
from datetime import datetime

import httpx

from sender_constraint.certificates.renewal import Clock, utc_now
from sender_constraint.core.thumbprints import jwk_thumbprint
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import jwk_of

PROOF_HEADER = "DPoP"
NONCE_HEADER = "DPoP-Nonce"
SCHEME = "DPoP"
_ERROR = "use_dpop_nonce"
_REMEMBERED_ORIGINS = 100
_LONGEST_NONCE = 1024
# A server that restarted may ask twice: for a nonce, and for one that it issued after the restart.
_NONCE_ATTEMPTS = 2


class NonceBook:
    """The newest nonce of each origin. Safe to share among threads, greenlets and keys."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._nonces: OrderedDict[str, str] = OrderedDict()

    def of(self, url: httpx.URL) -> str | None:
        """The nonce for a request to this URL; None while its origin has given none."""
        with self._lock:
            return self._nonces.get(_origin(url))

    def keep(self, url: httpx.URL, nonce: str) -> None:
        """From now on this one is for the URL's origin."""
        with self._lock:
            self._nonces[_origin(url)] = nonce
            self._nonces.move_to_end(_origin(url))
            if len(self._nonces) > _REMEMBERED_ORIGINS:
                self._nonces.popitem(last=False)


class DpopProofs:
    """Signs requests with one key.

    nonces: shared with whoever calls the same origins. Safe to share among threads and greenlets.
    """

    def __init__(
        self, key: jws.PrivateKey, nonces: NonceBook | None = None, *, clock: Clock = utc_now
    ) -> None:
        self._key = key
        self._jwk = jwk_of(key)
        self._nonces = nonces or NonceBook()
        self._clock = clock

    @property
    def thumbprint(self) -> str:
        """The ``jkt`` to which tokens are bound that are asked for with these proofs (RFC 7638)."""
        return jwk_thumbprint(self._jwk)

    def sign(self, request: httpx.Request, access_token: str | None = None) -> None:
        """Put a fresh proof into a request, in place of any other, and the access token if there is one."""
        request.headers[PROOF_HEADER] = self.proof(
            request.method, request.url, access_token, self._nonces.of(request.url), self._clock()
        )
        if access_token is not None:
            request.headers["Authorization"] = f"{SCHEME} {access_token}"

    def proof(
        self, method: str, url: httpx.URL, access_token: str | None, nonce: str | None, now: datetime
    ) -> str:
        """A proof for one request (RFC 9449 §4.2). now: aware."""
        claims: dict[str, object] = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": str(url.copy_with(query=None, fragment=None)),
            "iat": int(now.timestamp()),
        }
        if access_token is not None:
            claims["ath"] = jws.encode(hashlib.sha256(access_token.encode("ascii")).digest())
        if nonce is not None:
            claims["nonce"] = nonce
        return jws.sign({"typ": "dpop+jwt", "jwk": self._jwk}, claims, self._key)

    def learn(self, response: httpx.Response) -> bool:
        """Keep the nonce that an answer brings; True if it asks for the request once more, with that nonce.

        The body must have been read: a token endpoint tells the error there alone (RFC 9449 §8).
        """
        nonce = response.headers.get(NONCE_HEADER, "")
        if not nonce or len(nonce) > _LONGEST_NONCE:
            return False
        self._nonces.keep(response.request.url, nonce)
        return response.status_code in (400, 401) and (_in_challenge(response) or _in_body(response))


class DpopAuth(httpx.Auth):
    """Authentication for httpx: a proof on each request, and two more attempts at most for a nonce.

    access_token: that is bound to the proofs' key; None at a token endpoint.
    """

    requires_response_body = True

    def __init__(self, proofs: DpopProofs, access_token: str | None = None) -> None:
        self._proofs = proofs
        self._access_token = access_token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign, and again with the nonce that was asked for."""
        for _ in range(1 + _NONCE_ATTEMPTS):
            self._proofs.sign(request, self._access_token)
            response = yield request
            if not self._proofs.learn(response):
                return


def _in_challenge(response: httpx.Response) -> bool:
    """RFC 9449 §9: at a protected resource."""
    return any(_ERROR in challenge for challenge in response.headers.get_list("www-authenticate"))


def _in_body(response: httpx.Response) -> bool:
    """RFC 9449 §8: at a token endpoint."""
    try:
        answer = response.json()
    except ValueError:
        return False
    return isinstance(answer, dict) and answer.get("error") == _ERROR


def _origin(url: httpx.URL) -> str:
    # httpx leaves out the default port and writes scheme and host in small letters.
    return f"{url.scheme}://{url.netloc.decode('ascii')}"
