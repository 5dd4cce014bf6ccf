"""What is sealed opens with one key, in one place, whole; the key file is made once and guarded."""

import os
import stat
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from smsd.errors import SealError
from smsd.vault import PublicKey, Vault, _acl_names_groups, seal

VAULT = Vault(bytes(range(32)))


@given(st.text(), st.binary(max_size=40))
def test_a_text_opens_as_it_was_sealed(text: str, associated: bytes) -> None:
    assert VAULT.open(seal(VAULT.public, text, associated=associated), associated=associated) == text


def test_a_lone_surrogate_survives() -> None:
    """A password from a damaged file must not make a client unreadable."""
    assert VAULT.open(seal(VAULT.public, "\ud83d")) == "\ud83d"


def test_the_same_text_is_never_sealed_alike() -> None:
    assert len({seal(VAULT.public, "1a2b3c4d") for _ in range(100)}) == 100


def test_a_seal_does_not_hold_the_text() -> None:
    assert b"1a2b3c4d" not in seal(VAULT.public, "1a2b3c4d" * 10)


@given(st.data())
def test_one_flipped_bit_anywhere_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(seal(VAULT.public, "1a2b3c4d"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealError):
        VAULT.open(bytes(sealed))


@given(st.binary(max_size=120))
def test_octets_that_are_no_seal_are_refused(octets: bytes) -> None:
    with pytest.raises(SealError):
        VAULT.open(octets)


def test_every_truncation_is_refused() -> None:
    sealed = seal(VAULT.public, "1a2b3c4d")
    for length in range(len(sealed)):
        with pytest.raises(SealError):
            VAULT.open(sealed[:length])


def test_a_seal_opens_only_in_its_place() -> None:
    sealed = seal(VAULT.public, "1a2b3c4d", associated=b"client 7")
    with pytest.raises(SealError, match="stands where it was not sealed for"):
        VAULT.open(sealed, associated=b"client 8")


def test_another_key_is_named_in_the_refusal() -> None:
    other = Vault.generate()
    with pytest.raises(SealError) as caught:
        other.open(seal(VAULT.public, "1a2b3c4d"))
    assert VAULT.public.key_id.hex() in str(caught.value)
    assert other.public.key_id.hex() in str(caught.value)


@pytest.mark.parametrize("octets", [b"", bytes(31), bytes(33)])
def test_a_key_of_another_length_is_refused(octets: bytes) -> None:
    with pytest.raises(SealError, match="32 octets"):
        PublicKey(octets)
    with pytest.raises(SealError, match="32 octets"):
        Vault(octets)


def test_a_public_key_of_small_order_is_refused() -> None:
    """With the zero point everybody would agree upon the same secret (RFC 7748 §6.1)."""
    with pytest.raises(SealError, match="no usable point"):
        seal(PublicKey(bytes(32)), "1a2b3c4d")


def test_the_private_key_is_not_shown() -> None:
    assert repr(VAULT) == f"Vault(key_id={VAULT.public.key_id.hex()})"


# --- the key file -----------------------------------------------------------------------------------------------------


def test_a_key_file_is_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "smsd.key"
    sealed = seal(Vault.load_or_create(path).public, "1a2b3c4d")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Vault.load_or_create(path).open(sealed) == Vault.load(path).open(sealed) == "1a2b3c4d"
    assert list(tmp_path.iterdir()) == [path]


def test_of_many_who_make_a_key_at_once_all_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        vaults = list(pool.map(Vault.load_or_create, [tmp_path / "smsd.key"] * 16))
    assert len({vault.public for vault in vaults}) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_key_made_by_root_belongs_to_the_owner_of_its_directory(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 54321)
    Vault.load_or_create(tmp_path / "smsd.key")
    status = (tmp_path / "smsd.key").stat()
    assert (status.st_uid, status.st_gid) == (12345, 54321)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602])
def test_a_key_others_can_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "smsd.key"
    Vault.load_or_create(path)
    path.chmod(mode)
    with pytest.raises(SealError, match=f"chmod 600 {path}"):
        Vault.load(path)


def acl(*entries: tuple[int, int]) -> bytes:
    """Return an access list as the kernel keeps it: (tag, permissions), no ids."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", tag, bits, 0xFFFFFFFF) for tag, bits in entries)


OWNER, NAMED_USER, GROUP, NAMED_GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20


def test_an_access_list_may_name_users_but_no_group() -> None:
    assert not _acl_names_groups(acl((OWNER, 4), (NAMED_USER, 4), (GROUP, 0), (MASK, 4), (OTHER, 0)))
    assert _acl_names_groups(acl((OWNER, 4), (NAMED_USER, 4), (GROUP, 4), (MASK, 4), (OTHER, 0)))
    assert _acl_names_groups(acl((OWNER, 4), (GROUP, 0), (NAMED_GROUP, 4), (MASK, 4), (OTHER, 0)))


def test_a_credential_handed_over_by_an_access_list_is_read(tmp_path: Path) -> None:
    path = tmp_path / "smsd.key"
    Vault.load_or_create(path)
    try:
        os.setxattr(path, "system.posix_acl_access", acl((OWNER, 4), (GROUP, 0), (MASK, 4), (OTHER, 0)))
    except OSError:
        pytest.skip("no access lists on this file system")
    assert stat.S_IMODE(path.stat().st_mode) == 0o440
    Vault.load(path)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(SealError, match=r"smsd\.key: the private key cannot be read: No such file"):
        Vault.load(tmp_path / "smsd.key")


def test_a_key_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(SealError, match="cannot be written"):
        Vault.load_or_create(tmp_path / "absent" / "smsd.key")


ED25519 = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize("content", [b"", b"1a2b3c4d\n", ED25519])
def test_a_file_that_is_no_such_key_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "smsd.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SealError, match="not an X25519 private key"):
        Vault.load_or_create(path)
    assert path.read_bytes() == content


def test_importing_does_not_import_cryptography() -> None:
    """Commands that seal nothing do not wait for it."""
    program = "import sys, smsd.vault; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[1], check=False).returncode == 0
