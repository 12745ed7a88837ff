"""Bytes from outside are parsed in one module: no other one calls a loader of ``cryptography`` or PyJWT."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.registry.program import PACKAGES, REPOSITORY

PARSER = REPOSITORY / "sender_constraint" / "core" / "untrusted_input.py"
# Private keys are not among them: each party reads only its own.
LOADERS = re.compile(
    r"load_(der|pem)_(x509|ocsp|pkcs7|pkcs12|public)_?\w*|load_certificate(_request)?_?\w*|load_crl|"
    r"load_ssh_public\w*|load_publickey|load_pkcs\w*|PyJWKS?(et|Client)?|from_jwk|to_cryptography|"
    r"verify_directly_issued_by"
)
# Our own check of a caller's certificate, which calls the parser.
OURS = "load_certificate"
# What has run is not changed any more.
MIGRATIONS = "migrations"


def loaders_in(source: str) -> Iterator[str]:
    """The loaders that a module calls or names, with their lines."""
    for node in ast.walk(ast.parse(source)):
        name = {ast.Attribute: "attr", ast.Name: "id", ast.alias: "name"}.get(type(node))
        text = getattr(node, name).rpartition(".")[2] if name else ""
        if LOADERS.fullmatch(text) and text != OURS:
            yield f"{text} in line {getattr(node, 'lineno', 0)}"


def modules() -> list[Path]:
    files = (file for package in PACKAGES for file in sorted((REPOSITORY / package).rglob("*.py")))
    return [file for file in files if MIGRATIONS not in file.parts and file != PARSER]


@pytest.mark.parametrize(
    "source",
    [
        "x509.load_der_x509_certificate(der)",
        "x509.load_pem_x509_certificates(pem)",
        "from cryptography.x509 import load_der_x509_csr",
        "from cryptography.x509 import load_der_x509_crl as load",
        "ocsp.load_der_ocsp_response(der)",
        "pkcs7.load_der_pkcs7_certificates(der)",
        "serialization.load_pem_public_key(pem)",
        "jwt.PyJWK(jwk)",
        "jwt.PyJWKSet.from_dict(jwks)",
        "RSAAlgorithm.from_jwk(jwk)",
        "connection.get_peer_certificate().to_cryptography()",
        "crypto.load_certificate_request(kind, der)",
    ],
)
def test_a_loader_is_found(source: str) -> None:
    assert list(loaders_in(source))


def test_the_parser_has_loaders_and_the_search_covers_every_package() -> None:
    assert len(list(loaders_in(PARSER.read_text()))) > 5
    assert {file.relative_to(REPOSITORY).parts[0] for file in modules()} == set(PACKAGES)


def test_no_other_module_parses_bytes_from_outside() -> None:
    found = {
        str(file.relative_to(REPOSITORY)): loaders
        for file in modules()
        if (loaders := list(loaders_in(file.read_text())))
    }
    assert found == {}
