"""EST within HTTP: RFC 7030 §3.2 and §4, with the encodings as RFC 8951 corrected them."""

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs7
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ca.authority.hierarchy import Hierarchy
from ca.enrolment.messages import LARGEST_BODY_BYTES
from ca.register.models import IssuedCertificate
from tests.ca.conftest import Admitted
from tests.ca.material import EST, csr, encoded, issued, new_key, post
from tests.trail import Trail

KEY = new_key()
REQUEST = csr(KEY)
ONE_LINE = base64.b64encode(REQUEST)


@pytest.mark.clause("RFC 7030 §4.1.3")
def test_everyone_gets_the_certificates_of_the_authority(client: Client, hierarchy: Hierarchy) -> None:
    response = client.get(f"{EST}/cacerts")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/pkcs7-mime"
    certificates = pkcs7.load_der_pkcs7_certificates(base64.b64decode(response.content))
    assert set(certificates) == {hierarchy.root.certificate, hierarchy.issuing.certificate}


@pytest.mark.clause("RFC 8951 §3.1")
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(ONE_LINE, id="one line"),
        pytest.param(encoded(REQUEST), id="lines"),
        pytest.param(encoded(REQUEST).replace(b"\n", b"\r\n"), id="lines of MIME"),
        pytest.param(
            b"\r\n \t" + b" ".join(ONE_LINE[i : i + 7] for i in range(0, len(ONE_LINE), 7)), id="spaces"
        ),
    ],
)
def test_white_space_in_base64_means_nothing(client: Client, partner: Admitted, body: bytes) -> None:
    issued(post(client, "simpleenroll", body, authorization=partner.authorization))


@pytest.mark.clause("RFC 8951 §3.1")
@pytest.mark.parametrize("encoding", ["base64", "binary", "8bit", "nonsense"])
def test_a_content_transfer_encoding_is_ignored(client: Client, partner: Admitted, encoding: str) -> None:
    response = post(
        client,
        "simpleenroll",
        ONE_LINE,
        authorization=partner.authorization,
        HTTP_CONTENT_TRANSFER_ENCODING=encoding,
    )
    issued(response)


@pytest.mark.parametrize(
    "media_type", ["application/pkcs10", "Application/PKCS10", "application/pkcs10; x=y"]
)
def test_the_media_type_is_compared_as_media_types_are(
    client: Client, partner: Admitted, media_type: str
) -> None:
    issued(
        post(client, "simpleenroll", ONE_LINE, authorization=partner.authorization, content_type=media_type)
    )


@pytest.mark.clause("RFC 7030 §4.2.1")
@pytest.mark.parametrize(
    "media_type", ["application/x-www-form-urlencoded", "text/plain", "application/pkcs7-mime", ""]
)
def test_another_media_type_is_refused(
    client: Client, partner: Admitted, trail: Trail, media_type: str
) -> None:
    response = post(
        client, "simpleenroll", ONE_LINE, authorization=partner.authorization, content_type=media_type
    )
    assert response.status_code == 415
    assert trail.last()["rule"] == "est.media-type"


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        pytest.param(REQUEST, "est.encoding", id="DER itself"),
        pytest.param(
            b"-----BEGIN CERTIFICATE REQUEST-----\n"
            + encoded(REQUEST)
            + b"-----END CERTIFICATE REQUEST-----\n",
            "est.encoding",
            id="PEM",
        ),
        pytest.param(
            ONE_LINE.rstrip(b"=")[:-1] + b"!", "est.encoding", id="a character that is not base64's"
        ),
        pytest.param(b"QUJ", "est.encoding", id="without padding"),
        pytest.param(b"", "csr.size", id="nothing"),
        pytest.param(b"\n", "csr.size", id="nothing but white space"),
        pytest.param(base64.b64encode(b"no request"), "csr.syntax", id="no request"),
    ],
)
def test_a_body_that_is_no_request_in_base64_is_refused(
    client: Client, partner: Admitted, trail: Trail, body: bytes, rule: str
) -> None:
    response = post(client, "simpleenroll", body, authorization=partner.authorization)
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert trail.last()["rule"] == rule


@pytest.mark.parametrize("size", [LARGEST_BODY_BYTES + 1, 1024 * 1024])
def test_a_large_body_is_refused_unread(client: Client, partner: Admitted, trail: Trail, size: int) -> None:
    response = post(client, "simpleenroll", b"A" * size, authorization=partner.authorization)
    assert response.status_code == 413
    assert trail.last()["rule"] == "est.body-size"


@pytest.mark.parametrize(
    ("operation", "method", "allowed"),
    [
        ("simpleenroll", "GET", "POST"),
        ("simplereenroll", "PUT", "POST"),
        ("cacerts", "POST", "GET, HEAD"),
    ],
)
def test_another_method_is_told_which_ones_are_there(
    client: Client, operation: str, method: str, allowed: str
) -> None:
    response = client.generic(method, f"{EST}/{operation}")
    assert response.status_code == 405
    assert response.headers["Allow"] == allowed


@pytest.mark.parametrize(
    "path", ["csrattrs", "serverkeygen", "fullcmc", "label/simpleenroll", "simpleenroll/"]
)
def test_an_operation_that_is_not_offered_is_not_found(client: Client, path: str) -> None:
    assert client.post(f"{EST}/{path}").status_code == 404


@hypothesis_settings(
    max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    place=st.integers(0, len(REQUEST) - 1),
    replacement=st.binary(max_size=4),
    authorization=st.one_of(st.none(), st.text(st.characters(min_codepoint=32, max_codepoint=126))),
)
@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_no_malformed_message_is_an_error_of_the_server(
    client: Client, partner: Admitted, place: int, replacement: bytes, authorization: str | None
) -> None:
    body = base64.b64encode(REQUEST[:place] + replacement + REQUEST[place + 1 :])
    response = post(client, "simpleenroll", body, authorization=authorization or partner.authorization)
    assert response.status_code in {400, 401, 403} or base64.b64decode(body) == REQUEST
    assert all(
        record.certificate.public_key() == KEY.public_key() for record in IssuedCertificate.objects.all()
    )


def test_the_key_of_an_answer_is_the_key_of_the_request(client: Client, partner: Admitted) -> None:
    certificate: x509.Certificate = issued(
        post(client, "simpleenroll", ONE_LINE, authorization=partner.authorization)
    )
    assert certificate.public_key() == KEY.public_key()
