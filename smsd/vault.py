"""Texts sealed to a public key: whoever may write them cannot read them, only the daemon can open them.

Knows the sealed format and the key file. Refuses to know what is sealed and where it is kept.

A seal is made of published parts: an ephemeral X25519 agreement (RFC 7748), HKDF-SHA256 (RFC 5869) over it, and
ChaCha20-Poly1305 (RFC 8439). The key agreed upon is used once, so the nonce is derived with it::

    version (1: 0x01) | key id (8) | ephemeral public key (32) | ciphertext | tag (16)

The first three are authenticated with the ciphertext, and so is ``associated``, which ties a sealed text to its place
(a row, a column): moved elsewhere it does not open. The length of a text is not hidden. ``cryptography`` is imported
when first needed, for the commands that never seal anything.
"""

import contextlib
import os
import stat
import struct
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from smsd.credential import is_encrypted, opened
from smsd.errors import ConfigError, SealError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

__all__ = ["KEY_OCTETS", "PublicKey", "Vault", "seal"]

VERSION = b"\x01"
KEY_OCTETS = 32
KEY_ID_OCTETS = 8
_HEADER_OCTETS = len(VERSION) + KEY_ID_OCTETS + KEY_OCTETS
_TAG_OCTETS = 16
_LARGEST_KEY_FILE = 4096
_ACL = "system.posix_acl_access"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half of the key that seals: 32 octets, no secret."""

    octets: bytes

    def __post_init__(self) -> None:
        if len(self.octets) != KEY_OCTETS:
            raise SealError(f"a public key has {KEY_OCTETS} octets, not {len(self.octets)}")

    @property
    def key_id(self) -> bytes:
        """What a sealed text is marked with, to tell which key opens it."""
        return sha256(self.octets).digest()[:KEY_ID_OCTETS]


def seal(public: PublicKey, text: str, *, associated: bytes = b"") -> bytes:
    """Seal a text so that only the private key opens it, and only with the same ``associated``.

    The same text sealed twice gives different octets. Raises ``SealError`` for a public key that is no point.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415  start-up time

    ephemeral = X25519PrivateKey.generate()
    point = ephemeral.public_key().public_bytes_raw()
    header = VERSION + public.key_id + point
    cipher, nonce = _agree(ephemeral, public.octets, point + public.octets)
    return header + cipher.encrypt(nonce, text.encode("utf-8", "surrogatepass"), header + associated)


class Vault:
    """The private key: opens what was sealed to ``public``. ``repr`` and errors never show it."""

    def __init__(self, private: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415

        if len(private) != KEY_OCTETS:
            raise SealError(f"a private key has {KEY_OCTETS} octets, not {len(private)}")
        self._private = X25519PrivateKey.from_private_bytes(private)
        self.public = PublicKey(self._private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"Vault(key_id={self.public.key_id.hex()})"

    def open(self, sealed: bytes, *, associated: bytes = b"") -> str:
        """Return the text. Raises ``SealError``: not a seal, another key's, of another place, or damaged."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415

        if len(sealed) < _HEADER_OCTETS + _TAG_OCTETS or sealed[:1] != VERSION:
            raise SealError(f"{len(sealed)} octets are not a sealed text of version {VERSION[0]}")
        header, key_id = sealed[:_HEADER_OCTETS], sealed[1 : 1 + KEY_ID_OCTETS]
        if key_id != self.public.key_id:
            raise SealError(
                f"sealed to key {key_id.hex()}, and this is key {self.public.key_id.hex()}: "
                "put the former key file back, or set the value anew"
            )
        point = header[-KEY_OCTETS:]
        cipher, nonce = _agree(self._private, point, point + self.public.octets)
        try:
            return cipher.decrypt(nonce, sealed[_HEADER_OCTETS:], header + associated).decode("utf-8", "surrogatepass")
        except (InvalidTag, UnicodeDecodeError):
            raise SealError(
                "a sealed text is damaged, or stands where it was not sealed for: set the value anew"
            ) from None

    @classmethod
    def generate(cls) -> "Vault":
        """Return a vault with a new key that is in no file."""
        return cls(os.urandom(KEY_OCTETS))

    @classmethod
    def load(cls, path: Path) -> "Vault":
        """Read the private key. Raises ``SealError``: absent, unreadable, no key, or open to others than its owner."""
        return cls(_read_key(path))

    @classmethod
    def load_or_create(cls, path: Path) -> "Vault":
        """Read the private key, or make one where there is none: mode 0600, owned by the owner of its directory.

        Of several processes that make one at once, all get the same. Raises ``SealError``.
        """
        with contextlib.suppress(FileExistsError):
            if not os.path.exists(path):  # noqa: PTH110  Path.exists() raises where we may not look
                _create_key(path)
        return cls.load(path)


def _agree(private: "X25519PrivateKey", peer: bytes, salt: bytes) -> tuple["ChaCha20Poly1305", bytes]:
    """Return the cipher and the nonce two keys agree upon: the same from either side."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    try:
        shared = private.exchange(X25519PublicKey.from_public_bytes(peer))
    except ValueError:
        raise SealError("a public key is no usable point of the curve") from None
    derived = HKDF(SHA256(), KEY_OCTETS + 12, salt=salt, info=b"smsd vault 1").derive(shared)
    return ChaCha20Poly1305(derived[:KEY_OCTETS]), derived[KEY_OCTETS:]


# --- the key file: PKCS #8 in PEM (RFC 8410), as openssl genpkey -algorithm X25519 writes it --------------------------


def _read_key(path: Path) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        pem = opened(path) if is_encrypted(path) else _key_octets(path)
    except OSError as error:
        raise SealError(f"{path}: the private key cannot be read: {error.strerror}") from error
    except ConfigError as error:
        raise SealError(str(error)) from None
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, X25519PrivateKey):
        raise SealError(f"{path}: not an X25519 private key in PEM: put the right file back")
    return key.private_bytes_raw()


def _key_octets(path: Path) -> bytes:
    with path.open("rb") as file:
        if _open_to_others(file.fileno()):
            raise SealError(f"{path}: others than its owner can read this private key: chmod 600 {path}")
        return file.read(_LARGEST_KEY_FILE)


def _open_to_others(descriptor: int) -> bool:
    """Tell whether anybody but the owner, and users named one by one, may read a file.

    systemd hands a credential to an unprivileged service by an access control list; the group bits of the mode are
    then that list's mask (acl(5)) and say nothing of the group.
    """
    mode = os.fstat(descriptor).st_mode
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        return True
    if not mode & (stat.S_IRGRP | stat.S_IWGRP):
        return False
    try:
        return _acl_names_groups(os.getxattr(descriptor, _ACL))
    except OSError:
        return True


def _acl_names_groups(acl: bytes) -> bool:
    """Tell whether a list (version 2: a 4-octet header, then entries of tag, permissions and id) lets a group in."""
    groups = (0x04, 0x08)  # ACL_GROUP_OBJ, ACL_GROUP
    return any(tag in groups and permissions & 0o6 for tag, permissions, _ in struct.iter_unpack("<HHI", acl[4:]))


def _create_key(path: Path) -> None:
    """Write a new key, whole or not at all. Raises ``FileExistsError`` when another process was faster."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    pem = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # O_EXCL, mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem)
                file.flush()
                if os.geteuid() == 0:
                    owner = path.parent.stat()
                    os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
                os.fsync(file.fileno())
            os.link(temporary, path)  # a name that exists already is not taken over, unlike by rename
        finally:
            Path(temporary).unlink()
        _fsync_directory(path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise SealError(f"{path}: the private key cannot be written: {error.strerror}") from error


def _fsync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
