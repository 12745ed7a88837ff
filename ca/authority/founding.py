"""Founding the scheme: a root and an issuing authority, and the trust bundle that every party gets."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from ca.authority.directory import AuthorityDirectory, AuthorityExists, pem_of
from ca.authority.hierarchy import ISSUING_LIFETIME, Hierarchy, create_hierarchy
from sender_constraint.certificates import durable_files
from sender_constraint.core.untrusted_input import certificates_from_pem


class ForeignTrustBundle(Exception):
    """The trust bundle is another authority's, whose participants would lose their trust in it."""


def found(
    authority: AuthorityDirectory,
    trust_bundle: Path,
    clock: Callable[[], datetime],
    status_origin: str | None = None,
    issuing_lifetime: timedelta = ISSUING_LIFETIME,
) -> bool:
    """Create the hierarchy unless there is one, and publish its certificates in the trust bundle.

    status_origin, issuing_lifetime: see ``create_hierarchy``.
    trust_bundle: see ``publish_bundle``.
    Returns whether the hierarchy is new. Raises ForeignTrustBundle and NoAuthority.
    """
    is_new = False
    if not authority.exists():
        if trust_bundle.exists():
            raise ForeignTrustBundle(
                f"{trust_bundle} exists, but its authority is not in {authority.path}: "
                "restore the authority; or, to begin anew, remove the trust bundle and all certificates"
            )
        is_new = _create(authority, create_hierarchy(clock(), status_origin, issuing_lifetime))
    publish_bundle(authority, trust_bundle)
    return is_new


def _create(authority: AuthorityDirectory, hierarchy: Hierarchy) -> bool:
    try:
        authority.publish(hierarchy)
    except AuthorityExists:  # another process founded it in between, and what it made holds
        return False
    return True


def publish_bundle(authority: AuthorityDirectory, trust_bundle: Path) -> None:
    """Write the trust bundle: PEM, the root, then all issuing authorities; replaced by one rename.

    Raises ForeignTrustBundle and NoAuthority.
    """
    if trust_bundle.exists():
        if not is_bundle_of(authority, trust_bundle):
            raise ForeignTrustBundle(
                f"{trust_bundle} does not hold the certificates of {authority.path}: "
                "remove it to have it rewritten"
            )
        if trust_bundle.read_bytes() == pem_of(authority.certificates()):
            return
    trust_bundle.parent.mkdir(parents=True, exist_ok=True)
    durable_files.replace(trust_bundle, pem_of(authority.certificates()), durable_files.PUBLIC)


def is_bundle_of(authority: AuthorityDirectory, trust_bundle: Path) -> bool:
    """Whether a trust bundle has this root and nobody else's authorities. Raises NoAuthority.

    An issuing authority may still be missing: chains carry it.
    """
    root, *issuing = authority.certificates()
    try:
        held = certificates_from_pem(trust_bundle.read_bytes())
    except ValueError:
        return False
    return root in held and all(each in (root, *issuing) for each in held)
