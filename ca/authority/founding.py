"""Founding the scheme: a root and an issuing authority, and the trust bundle that every party gets."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from ca.authority.directory import AuthorityDirectory, AuthorityExists, pem_of
from ca.authority.hierarchy import Hierarchy, create_hierarchy
from sender_constraint.certificates import durable_files


class ForeignTrustBundle(Exception):
    """The trust bundle is another authority's, whose participants would lose their trust in it."""


def found(
    authority: AuthorityDirectory,
    trust_bundle: Path,
    clock: Callable[[], datetime],
    status_origin: str | None = None,
) -> bool:
    """Create the hierarchy unless there is one, and publish its certificates in the trust bundle.

    status_origin: see ``create_hierarchy``.
    trust_bundle: PEM, the root and then the issuing CA; replaced by one rename.
    Returns whether the hierarchy is new. Raises ForeignTrustBundle and NoAuthority.
    """
    is_new = False
    if not authority.exists():
        if trust_bundle.exists():
            raise ForeignTrustBundle(
                f"{trust_bundle} exists, but its authority is not in {authority.path}: "
                "restore the authority; or, to begin anew, remove the trust bundle and all certificates"
            )
        is_new = _create(authority, create_hierarchy(clock(), status_origin))
    _publish(authority, trust_bundle)
    return is_new


def _create(authority: AuthorityDirectory, hierarchy: Hierarchy) -> bool:
    try:
        authority.publish(hierarchy)
    except AuthorityExists:  # another process founded it in between, and what it made holds
        return False
    return True


def _publish(authority: AuthorityDirectory, trust_bundle: Path) -> None:
    bundle = pem_of(authority.certificates())
    if trust_bundle.exists():
        if trust_bundle.read_bytes() != bundle:
            raise ForeignTrustBundle(
                f"{trust_bundle} does not hold the certificates of {authority.path}: "
                "remove it to have it rewritten"
            )
        return
    trust_bundle.parent.mkdir(parents=True, exist_ok=True)
    durable_files.replace(trust_bundle, bundle, durable_files.PUBLIC)
