"""Thumbprints that are not the same: perhaps the right certificate in a wrong spelling.

RFC 8705 §3.1, https://www.rfc-editor.org/rfc/rfc8705.
"""

import base64
import binascii

from sender_constraint.core.thumbprint_spellings import RIGHT, form_of, spellings
from sender_constraint.explanations.comparisons import Comparison, Event, detail_of
from sender_constraint.explanations.shown import shown

ISSUER_MUST = (
    "Have the issuer of the token write x5t#S256 as base64url without padding of SHA-256 over the "
    "certificate's DER; the caller can do nothing about it."
)
SAME_CERTIFICATE = (
    "Call with the certificate with which the token was asked for, or ask for a token with this one: after a "
    "renewal, the new certificate needs a new token."
)


def compare_binding(event: Event) -> Comparison | None:
    """``binding.certificate``: the token's thumbprint, well formed, beside the connection's certificate."""
    detail = detail_of(event)
    in_token, of_certificate = detail.get("expected"), detail.get("presented")
    if not isinstance(in_token, str) or not isinstance(of_certificate, str):
        return None
    spelling = _spelling(detail.get("spelling"), in_token, of_certificate)
    found = (
        f"It is the right certificate in a wrong spelling: the token has {spelling}."
        if spelling
        else "Both are well-formed thumbprints, of two different certificates."
    )
    return Comparison(
        expected=f"the certificate with the token's x5t#S256, {shown(in_token)}",
        presented=f"a certificate with the thumbprint {shown(of_certificate)}",
        findings=(found,),
        next_step=ISSUER_MUST if spelling else SAME_CERTIFICATE,
    )


def compare_malformed(event: Event) -> Comparison | None:
    """``confirmation.malformed-thumbprint``: the token's value is not in the form of a thumbprint at all."""
    detail = detail_of(event)
    in_token, of_certificate = detail.get("presented"), event.get("thumbprint")
    if not isinstance(in_token, str):
        return None
    if not isinstance(of_certificate, str):
        return Comparison(
            _right_form(None), f"the token's x5t#S256 {shown(in_token)}", _form(in_token), ISSUER_MUST
        )
    spelling = _spelling(detail.get("spelling"), in_token, of_certificate)
    found = (
        f"It is the right certificate in a wrong spelling: {spelling}."
        if spelling
        else "It is no spelling of the presented certificate's thumbprint that is known here."
    )
    return Comparison(
        _right_form(of_certificate),
        f"the token's x5t#S256 {shown(in_token)}",
        (found, *(() if spelling else _form(in_token))),
        ISSUER_MUST,
    )


def _right_form(of_certificate: str | None) -> str:
    form = f"SHA-256 of the certificate's DER in {RIGHT}, 43 characters"
    return f"{form}: {shown(of_certificate)} for the certificate presented" if of_certificate else form


def _form(value: str) -> tuple[str, ...]:
    form = form_of(value)
    return (
        (f"It has {len(value)} characters, and looks like {form}.",)
        if form
        else (f"It has {len(value)} characters.",)
    )


def _spelling(noted: object, value: str, thumbprint: str) -> str | None:
    """What the refusing service found with the certificate at hand, or what its thumbprint alone tells."""
    if isinstance(noted, str):
        return shown(noted)
    try:
        digest = base64.urlsafe_b64decode(thumbprint + "=")
    except (binascii.Error, ValueError):
        return None
    written = {text: name for name, text in spellings(digest).items() if name != RIGHT}
    name = written.get(value)
    return f"SHA-256 of the certificate's DER, in {name}" if name else None
