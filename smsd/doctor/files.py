"""Files as the daemon's user sees them: may he read and write what he must, and nobody else what is secret.

Knows modes, owners and groups, and access lists, which say more than they do (the unit's directory has one). The
daemon's user is the owner of the database's directory; it is asked for by name only to say it. Refuses to change
anything.
"""

import grp
import os
import pwd
import re
import stat
import struct
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from smsd.config import Config, read_secret
from smsd.credential import is_encrypted
from smsd.doctor.finding import Check, Finding, bad, fine, worth_a_look
from smsd.errors import ConfigError, SealError
from smsd.rules.conditions import LEAST_OCTETS
from smsd.store.lock import lock_path
from smsd.store.sharing import beside
from smsd.vault import PublicKey, Vault

__all__ = [
    "Account",
    "account_of",
    "devices",
    "disk",
    "handed_by",
    "hidden",
    "key",
    "places",
    "secrets",
]

SCARCE_INODES = 100


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this host, with all his groups."""

    name: str
    uid: int
    groups: frozenset[int]
    handed: frozenset[Path] = frozenset()
    """Directories whose files systemd reads as root and hands to him (LoadCredential=, systemd.exec(5))."""

    @property
    def own_group(self) -> str:
        """His first group: the daemon has it whatever else it is in."""
        try:
            return grp.getgrgid(pwd.getpwuid(self.uid).pw_gid).gr_name
        except KeyError:
            return "dialout"

    def may(self, path: Path, wanted: int) -> bool:
        """Tell whether he may do ``wanted`` (``os.R_OK`` and its like) with a file. Raises ``OSError``."""
        status = path.stat()
        if path.parent in self.handed and wanted == os.R_OK:
            return True
        if self.uid == os.geteuid():
            return os.access(path, wanted)
        if self.uid == 0:
            return True
        if (entries := _list(path)) is not None:
            return any(granted & wanted == wanted for granted in self._granted(entries, status))
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid in self.groups else 0
        return (status.st_mode >> shift) & wanted == wanted

    def _granted(self, entries: "list[_Entry]", status: os.stat_result) -> list[int]:
        """Return what an access list grants him, any of which will do (acl(5), access check algorithm)."""
        mask = next((each.bits for each in entries if each.tag == _MASK), 7)
        if self.uid == status.st_uid:
            return [each.bits for each in entries if each.tag == _OWNER]
        if named := [each.bits & mask for each in entries if each.tag == _USER and each.id == self.uid]:
            return named
        groups = [each.bits & mask for each in entries if self._in_group(each, status)]
        return groups or [each.bits for each in entries if each.tag == _OTHER]

    def _in_group(self, entry: "_Entry", status: os.stat_result) -> bool:
        owning = entry.tag == _GROUP and status.st_gid in self.groups
        return owning or (entry.tag == _NAMED_GROUP and entry.id in self.groups)


_OWNER, _USER, _GROUP, _NAMED_GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20


class _Entry(NamedTuple):
    """An entry of an access list as the kernel keeps it: whom it is about, and what it grants."""

    tag: int
    bits: int
    id: int


def handed_by(units: Iterable[Path]) -> frozenset[Path]:
    """Return the directories whose files a unit hands to the daemon; drop-ins are not looked at."""
    text = "\n".join(unit.read_text("utf-8", "replace") for unit in units if unit.exists())
    return frozenset(map(Path, re.findall(r"^LoadCredential(?:Encrypted)?=[^:\n]+:(/.+)$", text, re.MULTILINE)))


def account_of(directory: Path, handed: frozenset[Path] = frozenset()) -> Account:
    """Return the daemon's user: who owns the database's directory; where there is none, we."""
    try:
        uid = directory.stat().st_uid
    except OSError:
        uid = os.geteuid()
    try:
        known = pwd.getpwuid(uid)
    except KeyError:
        return Account(str(uid), uid, frozenset(os.getgroups() if uid == os.geteuid() else ()), handed)
    return Account(known.pw_name, uid, frozenset(os.getgrouplist(known.pw_name, known.pw_gid)), handed)


def places(config: Config, account: Account) -> Iterator[Finding]:
    """Look at the database's directory and at the file itself."""
    path = config.database.path
    directory = path.parent
    about = str(directory)
    if not directory.is_dir():
        yield bad(Check.PERMISSIONS, about, "no such directory", f"sudo install -d -o smsd -g smsd -m 0750 {directory}")
        return
    if not account.may(directory, os.W_OK | os.X_OK):
        yield bad(
            Check.PERMISSIONS, about, f"{account.name} may not write here", f"sudo chown {account.name}: {directory}"
        )
    elif directory.stat().st_mode & stat.S_IRWXO:
        yield worth_a_look(
            Check.PERMISSIONS, about, "others may look into the database's directory", f"sudo chmod o= {directory}"
        )
    if not os.access(directory, os.R_OK | os.X_OK):
        return  # not for us to look into: told by ``hidden``
    for file in (path, *beside(path), lock_path(path)):
        if file.exists() and not account.may(file, os.R_OK | os.W_OK):
            yield bad(
                Check.PERMISSIONS,
                str(file),
                f"{account.name} may not read and write it",
                f"sudo chown {account.name}: {file} && sudo chmod u+rw {file}",
            )


def hidden(config: Config) -> Iterator[Finding]:
    """Say that we may not look: then it is not known whether a daemon runs, and nothing may be opened."""
    path = config.database.path
    lock = lock_path(path)
    closed = [path.parent] if not os.access(path.parent, os.R_OK | os.X_OK) else []
    closed += [each for each in (path, lock) if not closed and each.exists() and not os.access(each, os.R_OK)]
    if closed:
        what = "this user may not look into it: neither the database nor the daemon can be looked at"
        yield bad(Check.PERMISSIONS, str(closed[0]), what, "sudo smsd doctor")


def disk(directory: Path, scarce_octets: int) -> Iterator[Finding]:
    """Look at the room on the database's file system; with less than ``scarce_octets`` the daemon raises its alarm."""
    try:
        room = os.statvfs(directory)
    except OSError:
        return
    free = room.f_bavail * room.f_frsize
    told = f"{free / 1e6:.0f} MB free"
    find = f"sudo du -xh --max-depth=2 {directory} | sort -h | tail"
    if free < LEAST_OCTETS or (room.f_files and room.f_favail == 0):
        yield bad(Check.DISK, str(directory), f"{told}: nothing is sent or taken from a SIM until there is more", find)
    elif free < scarce_octets or (room.f_files and room.f_favail < SCARCE_INODES):
        yield worth_a_look(Check.DISK, str(directory), told, find)
    else:
        yield fine(Check.DISK, str(directory), told)


def key(path: Path, account: Account, published: bytes | None) -> Iterator[Finding]:
    """Look at the private key; ``published`` is the public half that passwords are sealed to, if any are."""
    about = str(path)
    try:
        status = path.stat()
    except FileNotFoundError:
        if published is None and not _may_make(path, account):
            yield bad(
                Check.KEY,
                about,
                f"there is none, and {account.name} may not make one there",
                f"move the key there (sudo mv …/smsd.key {path}), or leave key_file out of [directory]",
            )
        elif published is None:
            yield fine(Check.KEY, about, "not made yet: the daemon makes it when it starts")
        else:
            yield bad(
                Check.KEY, about, "gone: no password can be opened", f"put it back from its backup: sudo cp … {path}"
            )
        return
    except OSError as error:
        yield worth_a_look(Check.KEY, about, f"cannot be looked at: {error.strerror}", "sudo smsd doctor")
        return
    try:
        public: PublicKey | None = Vault.load(path).public
    except SealError as error:
        if not os.access(path, os.R_OK):
            public = None  # as it should be: only the daemon's user reads it
        else:
            yield bad(Check.KEY, about, str(error).removeprefix(f"{path}: "), _key_cure(path, status))
            return
    if account.uid not in (0, status.st_uid) and not account.may(path, os.R_OK):
        yield bad(Check.KEY, about, f"{account.name} may not read it", f"sudo chown {account.name}: {path}")
    elif public is not None and published is not None and public.octets != published:
        yield bad(Check.KEY, about, "not the key that passwords are sealed to", "put the former key file back")
    else:
        yield fine(Check.KEY, about, "private" if public else "private, and not for this user to read")


def _may_make(path: Path, account: Account) -> bool:
    if path.parent in account.handed:
        return False
    try:
        return account.may(path.parent, os.W_OK | os.X_OK)
    except OSError:
        return False


def _key_cure(path: Path, status: os.stat_result) -> str:
    return f"sudo chmod 600 {path}" if status.st_mode & 0o077 else f"put the right file back: sudo cp … {path}"


def secrets(config: Config, account: Account) -> Iterator[Finding]:
    """Look at the files that hold a secret: PIN, passwords, tokens, what events are signed by."""
    named = [each for each in config.secret_files if each[1] != config.directory.key_file]  # ``key`` looks at that
    for name, path in named:
        about = f"{name}: {path}"
        try:
            readable, mode = account.may(path, os.R_OK), path.stat().st_mode
        except OSError as error:
            if isinstance(error, PermissionError) and path.parent in account.handed:
                yield fine(Check.SECRET, about, "not for you to look at; systemd hands it to the daemon")
            else:
                yield bad(Check.SECRET, about, str(error.strerror), _secret_cure(path, account))
            continue
        if not readable:
            yield bad(Check.SECRET, about, f"{account.name} may not read it", f"sudo chown {account.name}: {path}")
        elif wrong := _unusable(path):
            yield bad(Check.SECRET, about, wrong, _secret_cure(path, account))
        elif is_encrypted(path):
            yield fine(Check.SECRET, about, "encrypted to this host, and it opens")
        elif mode & stat.S_IRWXO:
            yield worth_a_look(Check.SECRET, about, "everybody on this host can read it", f"sudo chmod o= {path}")
        else:
            yield fine(Check.SECRET, about, "readable, and not for others")
    yield from _stray(account, {path for _, path in config.secret_files})


def _unusable(path: Path) -> str:
    """Say what is wrong with what a file holds, as far as we may look; empty: nothing."""
    if not os.access(path, os.R_OK):
        return ""
    try:
        with warnings.catch_warnings(action="ignore"):
            read_secret(path)
    except ConfigError as error:
        return str(error).removeprefix(f"{path}: ")
    return ""


def _stray(account: Account, named: set[Path]) -> Iterator[Finding]:
    """Look at what else the unit hands over encrypted: what does not open keeps it from starting (243/CREDENTIALS)."""
    for directory in sorted(account.handed):
        if not is_encrypted(directory / "any") or not os.access(directory, os.R_OK | os.X_OK):
            continue
        for path in sorted(set(directory.iterdir()) - named):
            if wrong := _unusable(path):
                what = f"the service does not start for it: {wrong}"
                yield bad(Check.SECRET, f"unit: {path}", what, f"sudo rm {path}, unless something needs it")


def _secret_cure(path: Path, account: Account) -> str:
    """Say how a secret gets where it is looked for: root's where systemd hands it over, else the daemon's."""
    if is_encrypted(path):
        return f"sudo systemd-creds encrypt --name=encrypted_{path.name} - {path}, and the secret on its standard input"
    if path.parent in account.handed:
        return f"sudo install -m 0400 /dev/stdin {path}, and the secret on its standard input; restart the service"
    return f"sudo install -o {account.name} -m 600 /dev/stdin {path}, and the secret on its standard input"


def devices(config: Config, account: Account) -> Iterator[Finding]:
    """Look whether each modem's port is there and may be opened."""
    for modem in config.modems:
        if modem.device is None:
            continue
        try:
            allowed = account.may(modem.device, os.R_OK | os.W_OK)
        except OSError:
            yield bad(Check.MODEM, modem.name, f"{modem.device}: no such device", _where_else())
            continue
        if not allowed:
            yield bad(
                Check.PERMISSIONS,
                modem.name,
                f"{account.name} may not open {modem.device}",
                _entry(modem.device, account),
            )


def _where_else(by_id: Path = Path("/dev/serial/by-id")) -> str:
    """Say where a modem may be instead: the names that stay the same over restarts and replugging."""
    try:
        names = sorted(str(each) for each in by_id.iterdir())
    except OSError:
        names = []
    if names:
        return f"is it one of these? write its path as device: {', '.join(names)}"
    return "plug the modem in and look for it: lsusb; dmesg | tail"


def _entry(device: Path, account: Account) -> str:
    """Say how a user gets to open a device: by its group, unless that is root's own."""
    group = device.stat().st_gid
    try:
        name = grp.getgrgid(group).gr_name
    except KeyError:
        name = str(group)
    if group == 0 or not device.stat().st_mode & stat.S_IWGRP:
        return (
            f"sudo chgrp {account.own_group} {device} && sudo chmod g+rw {device}; "
            "for good: one line of udev's rules says that it is a modem's port, see docs/how-to/install-on-a-host.md"
        )
    return f"sudo usermod -aG {name} {account.name}, then restart the daemon"


def _list(path: Path) -> list[_Entry] | None:
    """Return a file's access list (acl(5)); ``None``: there is none, its mode says everything."""
    try:
        octets = os.getxattr(path, "system.posix_acl_access")
    except OSError:
        return None
    return [_Entry(*entry) for entry in struct.iter_unpack("<HHI", octets[4:])]  # after its version
