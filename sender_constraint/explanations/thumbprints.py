"""Thumbprints that differ: perhaps the right certificate in a wrong spelling.

RFC 8705 §3.1, https://www.rfc-editor.org/rfc/rfc8705.
"""

import base64
import binascii

from sender_constraint.core.thumbprint_spellings import RIGHT, form_of, spellings
from sender_constraint.explanations.comparisons import Compared, Event, detail_of
from sender_constraint.explanations.shown import shown

FIX_SPELLING = (
    "Report this to the issuer of the token: x5t#S256 is the SHA-256 of the certificate's DER in base64url "
    "without padding (RFC 8705 §3.1). The caller cannot fix it."
)


def compare_binding(event: Event) -> Compared | None:
    """The well-formed thumbprint in a token against the certificate of the connection."""
    detail = detail_of(event)
    in_token, of_certificate = detail.get("expected"), detail.get("presented")
    if not isinstance(in_token, str) or not isinstance(of_certificate, str):
        return None
    spelling = _spelling(detail.get("spelling"), in_token, of_certificate)
    found = (
        f"The certificate is right, but its spelling in the token is wrong: {spelling}."
        if spelling
        else "These are thumbprints of two different certificates."
    )
    return Compared(
        expected=f"the certificate with the token's x5t#S256, {shown(in_token)}",
        presented=f"a certificate with the thumbprint {shown(of_certificate)}",
        findings=(found,),
        next_step=FIX_SPELLING if spelling else None,
    )


def compare_malformed(event: Event) -> Compared | None:
    """The value in a token that has not the syntax of a thumbprint."""
    detail = detail_of(event)
    in_token, of_certificate = detail.get("presented"), event.get("thumbprint")
    if not isinstance(in_token, str):
        return None
    if not isinstance(of_certificate, str):
        return Compared(
            _right_form(None), f"the token's x5t#S256 {shown(in_token)}", _form(in_token), FIX_SPELLING
        )
    spelling = _spelling(detail.get("spelling"), in_token, of_certificate)
    found = (
        f"The certificate is right, but its spelling in the token is wrong: {spelling}."
        if spelling
        else "It is not a known spelling of the presented certificate's thumbprint."
    )
    return Compared(
        _right_form(of_certificate),
        f"the token's x5t#S256 {shown(in_token)}",
        (found, *(() if spelling else _form(in_token))),
        FIX_SPELLING,
    )


def _right_form(of_certificate: str | None) -> str:
    form = f"SHA-256 of the certificate's DER in {RIGHT}, 43 characters"
    return f"{form}: {shown(of_certificate)} for the presented certificate" if of_certificate else form


def _form(value: str) -> tuple[str, ...]:
    form = form_of(value)
    return (
        (f"It has {len(value)} characters, and looks like {form}.",)
        if form
        else (f"It has {len(value)} characters.",)
    )


def _spelling(noted: object, value: str, thumbprint: str) -> str | None:
    """What the service noted when it had the certificate, or what the thumbprint alone shows."""
    if isinstance(noted, str):
        return shown(noted)
    try:
        digest = base64.urlsafe_b64decode(thumbprint + "=")
    except (binascii.Error, ValueError):
        return None
    written = {text: name for name, text in spellings(digest).items() if name != RIGHT}
    name = written.get(value)
    return f"SHA-256 of the certificate's DER, in {name}" if name else None
