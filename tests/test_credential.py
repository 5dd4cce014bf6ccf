"""A secret that was encrypted to this host is read by whoever may open it, and by nobody it does not open for."""

from pathlib import Path

import pytest

from smsd.config import read_secret
from smsd.credential import is_encrypted, opened
from smsd.errors import ConfigError, SealError
from smsd.vault import Vault

STAND_IN = """\
#!/bin/sh
# Opens what it "encrypted": the name on the first line, the secret below.
[ "$1" = decrypt ] && [ "$2" = "--name=$(head -n 1 "$3")" ] && [ "$4" = - ] && exec tail -n +2 "$3"
echo "Embedded credential name does not match filename, refusing." >&2; exit 1
"""


@pytest.fixture
def encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of encrypted secrets, and a stand-in for the program that opens them."""
    program = tmp_path / "bin" / "systemd-creds"
    program.parent.mkdir()
    program.write_text(STAND_IN, "ascii")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    place = tmp_path / "encrypted"
    place.mkdir()
    return place


def test_a_secret_is_opened_under_the_name_the_unit_has_it_by(encrypted: Path) -> None:
    file = encrypted / "pin"
    file.write_text("encrypted_pin\n4711\n", "ascii")
    file.chmod(0o644)  # is no news to anybody: what is in it is for this host alone
    assert is_encrypted(file)
    assert read_secret(file) == "4711"


def test_one_of_another_host_or_name_is_refused_with_the_way_out(encrypted: Path) -> None:
    file = encrypted / "pin"
    file.write_text("pin\n4711\n", "ascii")
    with pytest.raises(ConfigError, match=r"pin: does not open on this host: .* --name=encrypted_pin"):
        read_secret(file)
    with pytest.raises(ConfigError, match="nothing: the secret cannot be read: No such file"):
        read_secret(encrypted / "nothing")


def test_without_systemd_it_is_said(encrypted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(encrypted))
    (encrypted / "pin").touch()
    with pytest.raises(ConfigError, match="systemd-creds does not open it"):
        opened(encrypted / "pin")


def test_the_private_key_is_opened_the_same_way(encrypted: Path, tmp_path: Path) -> None:
    plain = Vault.load_or_create(tmp_path / "smsd.key")
    pem = (tmp_path / "smsd.key").read_text("ascii")
    (encrypted / "smsd.key").write_text(f"encrypted_smsd.key\n{pem}", "ascii")
    (encrypted / "smsd.key").chmod(0o644)
    assert Vault.load(encrypted / "smsd.key").public == plain.public
    (encrypted / "smsd.key").write_text(f"smsd.key\n{pem}", "ascii")
    with pytest.raises(SealError, match="does not open on this host"):
        Vault.load(encrypted / "smsd.key")
