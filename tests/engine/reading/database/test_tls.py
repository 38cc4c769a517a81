"""What the way to MySQL or MariaDB believes, by handshakes in memory; libpq has its own checks.

Both ways were also tried on servers of PostgreSQL 15 and MariaDB 10.11 that speak TLS only.
"""

import datetime
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.engine.reading.database.address import Address, Tls
from apps.engine.reading.database.sessions import _tls
from apps.engine.reading.database.statement import Dialect

pytestmark = pytest.mark.once
HOST = "db.house.example"
DAY = datetime.timedelta(days=1)


def signed(name, issuer, key, by, *extensions, days=9):
    now = datetime.datetime.now(datetime.UTC)
    subject, above = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, issuer)
    )
    made = x509.CertificateBuilder(above, subject, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - 10 * DAY).not_valid_after(now + days * DAY)
    for extension in extensions:
        made = made.add_extension(extension, critical=True)
    return made.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """An authority as MySQL makes its own, without key usage; and a server that it vouches for."""
    folder = tmp_path_factory.mktemp("tls")
    above, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = signed("house", "house", above, above, x509.BasicConstraints(True, None))
    names = x509.SubjectAlternativeName([x509.DNSName(HOST)])
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()

    def server(days):
        file = folder / f"server{days}.pem"
        file.write_text(secret + signed(HOST, "house", key, above, names, days=days))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    other = signed("house", "house", key, key, x509.BasicConstraints(True, None))
    return authority, other, server


def shaken(client, server, host):
    """Both sides of a handshake by turns; raises what the client finds wrong."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [client.wrap_bio(down, up, server_hostname=host), server.wrap_bio(up, down, True)]
    for _ in range(6):
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return sides[0].version()


def address(authority, tls=Tls.VERIFIED):
    return Address(Dialect.MYSQL, "shop", host=HOST, tls=tls, authority=authority)


def test_an_authority_of_the_house_is_believed_as_libpq_believes_it(house):
    authority, _, server = house
    assert shaken(_tls(address(authority)), server(9), HOST) == "TLSv1.3"


@pytest.mark.parametrize(
    ("which", "host", "days", "says"),
    [
        ("other", HOST, 9, "certificate verify failed"),
        ("none", HOST, 9, "certificate verify failed"),
        ("house", "db.else.example", 9, "Hostname mismatch"),
        ("house", HOST, -1, "certificate has expired"),
    ],
)
def test_another_authority_another_name_and_an_old_certificate_are_not(
    house, which, host, days, says
):
    authority, other, server = house
    given = {"house": authority, "other": other, "none": ""}[which]
    with pytest.raises(ssl.SSLCertVerificationError, match=says):
        shaken(_tls(address(given)), server(days), host)
    anyone = _tls(address(given, Tls.ENCRYPTED))
    assert shaken(anyone, server(days), host) == "TLSv1.3", "encrypted: whoever answers"
