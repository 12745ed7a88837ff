"""Proofs that others printed: RFC 9449's own, and one of a vendor."""

from datetime import UTC, datetime

import pytest

from sender_constraint.core.errors import InvalidDpopProof
from sender_constraint.core.thumbprints import jwk_thumbprint
from tests.sender_constraint.dpop.proofs import verify

_HEADER = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpD"
    "a0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6"
    "IlAtMjU2In19"
)
# RFC 9449 §4.1, Figure 1; the same proof as in the token request of §5, Figure 4.
TOKEN_REQUEST = (
    f"{_HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29t"
    "L3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70"
    "nfbV37xRZT3Lg"
)
# §5, Figure 6: the request with a refresh token.
REFRESH_REQUEST = (
    f"{_HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29t"
    "L3Rva2VuIiwiaWF0IjoxNTYyMjY1Mjk2fQ.pAqut2IRDm_De6PR93SYmGBPXpwrAk90e8cP2hjiaG5QsGSuKDYW7_X620BxqhvYC8ynrrvZL"
    "Tk41mSRroapUA"
)
# §7, Figure 12: at a protected resource.
RESOURCE_REQUEST = (
    f"{_HEADER}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9y"
    "Zy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NB"
    "cWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
)
ACCESS_TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"  # the RFC prints it
# §6.1, Figure 7: what such a token is bound to.
THUMBPRINT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"

# Printed by a vendor in 2023, in an example of a token request.
VENDOR_PS256 = (
    "eyJhbGciOiJQUzI1NiIsImp3ayI6eyJrdHkiOiJSU0EiLCJuIjoibGw3eC1WQVFsc25mNFRkNXhLc0tHZ1F0RFVaajV1RzRGaC1t"
    "RE9EZTVuNml6X2E3T2Y0V1drVU1XYWN4NEpXdGJuanpKOE1mV1ZNY1lYZ0JreTFYUUI5SWNRN003b3RUNjBjVUxMS3FYQWxoeFg2"
    "QVdTbFR3Znl2TmVYT0ZjNGtqelp3VTZ5dmZ2NEhwUGxoek9vYjNjSW1qU3g0aEFXU3NEQzNpZ3p6SGRPREZydDNuVzhLQXBRT2Jx"
    "UXBNRmNTdVFMdTNTc2hyQzlHTG5SWXM3Z3hjczlxdmZYY2dIa1BDbWNDZ2JWNFZqd2JUdHczT3lQZUhNbEowQW9IdF9aWFM2Z0lp"
    "d3pVS2xDcDZNS24wT0lIOFhNU3A0Zm9ZWU5sU1BXN09FMGlMY2E4QUpldzlEc2p0amhBVGJPLXBsZFRwbU5wWXFwZHJTMXYwRzNU"
    "enhldmZ3IiwiZSI6IkFRQUIifSwidHlwIjoiZHBvcCtqd3QifQ.eyJodG0iOiJQT1NUIiwiaHR1IjoiaHR0cHM6Ly9vYXV0aDJjL"
    "nVzLmF1dGh6LmNsb3VkZW50aXR5LmlvL29hdXRoMmMvZGVtby9vYXV0aDIvdG9rZW4iLCJqdGkiOiIzMWY4Y2ZhYS0yZWQyLTQ3O"
    "WEtYjFjZS1hZmU4NjRiNGEwN2UiLCJpYXQiOjE2ODQzMTM1NjN9.Tzc0oi3vSyrOt4AJdMPPwpGSrNcu8MhU8PoFw9327tSwxLzy"
    "B1Wnup0lbqxMX82IDjKA3658yBUj4RLqar6WF9mAEQwru4CF--zj629pqOtLbh5VQBcrrwbNbLuquKO4yFZTryBeEYBE2OWHnPrL"
    "ubDXH2X9Vo-quGq11lcoZWU_XMdNZakUqREunMzY3F5q_0N3JOT7HkvT0jU6eSMn11kqzWMO-A4xNyglVOCMxKZd3pUuRni_iwxG"
    "G43OyrXoHSnp4na48NV5A9bBKfYxqxU6OD_QrI7K9wueMrpXgARgAir2H_7CnynzaVi9FYmgxXm2w-dhIANs1QN_xkJNPw"
)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.clause("RFC 9449 §4.1")
def test_the_proof_of_a_token_request_is_good_at_its_time() -> None:
    proof = verify(TOKEN_REQUEST, url="https://server.example.com/token", now=at(1562262616))
    assert (proof.identifier, proof.algorithm, proof.nonce) == ("-BwC3ESc6acc2lTc", "ES256", None)
    assert proof.issued_at == at(1562262616)


@pytest.mark.clause("RFC 9449 §5")
def test_the_proof_of_a_refresh_request_is_good_at_its_time_and_of_the_same_key() -> None:
    proof = verify(REFRESH_REQUEST, url="https://server.example.com/token", now=at(1562265296))
    assert proof.thumbprint == THUMBPRINT


@pytest.mark.clause("RFC 9449 §7")
@pytest.mark.clause("RFC 9449 §6.1")
def test_the_proof_of_a_resource_request_is_good_for_the_token_and_the_key_printed_with_it() -> None:
    proof = verify(
        RESOURCE_REQUEST,
        method="GET",
        url="https://resource.example.org/protectedresource",
        now=at(1562262618),
        access_token=ACCESS_TOKEN,
        bound_to=THUMBPRINT,
    )
    assert proof.thumbprint == THUMBPRINT


@pytest.mark.clause("RFC 9449 §4.3")
@pytest.mark.parametrize("seconds", [1562262616 - 31, 1562262616 + 60])
def test_outside_its_time_a_printed_proof_is_refused(seconds: int) -> None:
    with pytest.raises(InvalidDpopProof):
        verify(TOKEN_REQUEST, url="https://server.example.com/token", now=at(seconds))


@pytest.mark.clause("RFC 9449 §4.3")
def test_a_vendors_proof_by_ps256_is_good_at_its_time() -> None:
    proof = verify(
        VENDOR_PS256,
        url="https://oauth2c.us.authz.cloudentity.io/oauth2c/demo/oauth2/token",
        now=at(1684313563),
    )
    assert (proof.algorithm, proof.identifier) == ("PS256", "31f8cfaa-2ed2-479a-b1ce-afe864b4a07e")
    assert proof.thumbprint == "RDweqX6qcVfPJYxuCw543HmetWz2RfjJGcOrEH9e3Hg"


def test_the_thumbprint_that_the_rfc_prints_is_that_of_its_key() -> None:
    key = {
        "kty": "EC",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        "crv": "P-256",
    }
    assert jwk_thumbprint(key) == THUMBPRINT
