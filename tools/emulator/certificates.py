"""The authority that all databases of this emulator have their certificates from."""

import tempfile
from pathlib import Path

import trustme

authority = trustme.CA()
AUTHORITY = str(Path(tempfile.mkdtemp(prefix="authority-")) / "authority.pem")
authority.cert_pem.write_to_path(AUTHORITY)


def issue(host, folder):
    """Writes a certificate for this host name or address, and its key."""
    issued = authority.issue_cert(host)
    issued.cert_chain_pems[0].write_to_path(folder / "server.crt")
    issued.private_key_pem.write_to_path(folder / "server.key")
