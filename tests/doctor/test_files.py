"""Files as the daemon's user sees them: what he may not do, and what others may."""

import base64
import grp
import os
import pwd
import struct
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from smsd.config import Config
from smsd.doctor import files
from smsd.doctor.files import Account, account_of
from smsd.doctor.finding import Check, Finding, Severity
from smsd.errors import ConfigError
from smsd.vault import Vault

US = account_of(Path("/nowhere"))
STRANGER = Account("stranger", 54321, frozenset({54321}))

Configured = Callable[..., Config]


def said(findings: Iterable[Finding]) -> list[tuple[Check, Severity]]:
    """Return what was looked at and how bad it is."""
    return [(finding.check, finding.severity) for finding in findings]


def test_the_rights_of_another_account_are_read_from_the_mode(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    group = Account("group", 54321, frozenset({file.stat().st_gid}))
    for mode, who, allowed in [
        (0o600, STRANGER, False),
        (0o660, STRANGER, False),
        (0o604, STRANGER, True),
        (0o640, group, True),
        (0o604, group, False),
    ]:
        file.chmod(mode)
        assert who.may(file, os.R_OK) is allowed, (oct(mode), who.name)


OWNER, NAMED, GROUP, NAMED_GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20


@pytest.mark.parametrize(
    ("entries", "allowed"),
    [
        ([(OWNER, 6, 0), (GROUP, 0, 0), (MASK, 6, 0), (OTHER, 0, 0), (NAMED, 6, STRANGER.uid)], True),
        ([(OWNER, 6, 0), (GROUP, 0, 0), (MASK, 4, 0), (OTHER, 6, 0), (NAMED, 6, STRANGER.uid)], False),
        ([(OWNER, 6, 0), (GROUP, 0, 0), (MASK, 6, 0), (OTHER, 0, 0), (NAMED_GROUP, 6, 54321)], True),
        ([(OWNER, 6, 0), (GROUP, 0, 0), (MASK, 0, 0), (OTHER, 6, 0), (NAMED_GROUP, 6, 54321)], False),
        ([(OWNER, 6, 0), (GROUP, 0, 0), (MASK, 6, 0), (OTHER, 6, 0), (NAMED_GROUP, 0, 11111)], True),
        ([(OWNER, 6, 0), (GROUP, 0, 0), (MASK, 6, 0), (OTHER, 0, 0), (NAMED_GROUP, 6, 11111)], False),
    ],
)
def test_the_rights_of_another_account_are_read_from_an_access_list(
    tmp_path: Path, entries: list[tuple[int, int, int]], allowed: bool
) -> None:
    """The database's directory has one by default: whoever passed over it would never see that a file is root's."""
    file = tmp_path / "file"
    file.touch()
    octets = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in sorted(entries))
    try:
        os.setxattr(file, "system.posix_acl_access", octets)
    except OSError:
        pytest.skip("no access lists on this file system")
    assert STRANGER.may(file, os.R_OK | os.W_OK) is allowed
    assert replace(STRANGER, uid=file.stat().st_uid).may(file, os.R_OK | os.W_OK)


def test_a_good_directory_says_nothing(configured: Configured) -> None:
    assert list(files.places(configured(), US)) == []


def test_a_missing_directory_is_told_with_how_to_make_it(configured: Configured, place: Path) -> None:
    place.rmdir()
    [finding] = files.places(configured(), US)
    assert finding.severity is Severity.ERROR
    assert finding.cure.endswith(str(place))


def test_a_directory_open_to_others_and_one_closed_to_the_daemon_are_told(configured: Configured, place: Path) -> None:
    place.chmod(0o755)
    [finding] = files.places(configured(), US)
    assert (finding.severity, finding.cure) == (Severity.WARNING, f"sudo chmod o= {place}")
    [finding] = files.places(configured(), STRANGER)
    assert (finding.severity, finding.cure) == (Severity.ERROR, f"sudo chown stranger: {place}")


def test_a_database_of_somebody_else_is_told(configured: Configured, place: Path) -> None:
    place.chmod(0o777)
    (place / "smsd.db").touch(0o600)
    found = [finding for finding in files.places(configured(), STRANGER) if finding.severity is Severity.ERROR]
    assert [finding.about for finding in found] == [str(place / "smsd.db")]
    (place / "smsd.db-lock").touch(0o600)
    assert str(place / "smsd.db-lock") in {finding.about for finding in files.places(configured(), STRANGER)}


@pytest.mark.parametrize(
    ("octets", "inodes", "severity"),
    [(10**12, 10**6, Severity.OK), (2 * 10**8 - 1, 10**6, Severity.WARNING), (10**5, 10**6, Severity.ERROR),
     (10**12, 10, Severity.WARNING), (10**12, 0, Severity.ERROR)],
)  # fmt: skip
def test_the_room_on_the_disk_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, octets: int, inodes: int, severity: Severity
) -> None:
    room = SimpleNamespace(f_bavail=octets, f_frsize=1, f_files=10**7, f_favail=inodes)
    monkeypatch.setattr("os.statvfs", lambda _: room)
    assert said(files.disk(tmp_path, Config().alarms.disk_octets)) == [(Check.DISK, severity)]


# --- the key ----------------------------------------------------------------------------------------------------------


def test_a_key_is_made_by_the_daemon_and_missed_once_it_was(place: Path) -> None:
    assert said(files.key(place / "smsd.key", US, None)) == [(Check.KEY, Severity.OK)]
    assert said(files.key(place / "smsd.key", US, b"x" * 32)) == [(Check.KEY, Severity.ERROR)]


def test_a_private_key_is_fine_and_one_open_to_others_is_not(place: Path) -> None:
    path = place / "smsd.key"
    public = Vault.load_or_create(path).public.octets
    assert said(files.key(path, US, public)) == [(Check.KEY, Severity.OK)]
    path.chmod(0o644)
    [finding] = files.key(path, US, public)
    assert (finding.severity, finding.cure) == (Severity.ERROR, f"sudo chmod 600 {path}")


def test_another_key_than_the_passwords_are_sealed_to_is_told(place: Path) -> None:
    path = place / "smsd.key"
    Vault.load_or_create(path)
    [finding] = files.key(path, US, Vault.generate().public.octets)
    assert "not the key that passwords are sealed to" in finding.what


def test_a_file_that_is_no_key_is_told(place: Path) -> None:
    path = place / "smsd.key"
    path.write_bytes(base64.b64encode(b"no key"))
    path.chmod(0o600)
    [finding] = files.key(path, US, None)
    assert finding.severity is Severity.ERROR
    assert "not an X25519 private key" in finding.what


def test_a_key_that_the_daemon_may_not_read_is_told(place: Path) -> None:
    path = place / "smsd.key"
    Vault.load_or_create(path)
    [finding] = files.key(path, STRANGER, None)
    assert (finding.severity, finding.cure) == (Severity.ERROR, f"sudo chown stranger: {path}")


# --- secrets and ports ------------------------------------------------------------------------------------------------


def test_files_of_secrets_must_be_there_and_private(configured: Configured, place: Path) -> None:
    config = configured('[[modem]]\nname = "m"\ndevice = "/dev/null"\npin_file = "{place}/pin"\n')
    assert said(files.secrets(config, US)) == [(Check.SECRET, Severity.ERROR)]
    (place / "pin").write_text("1234")
    (place / "pin").chmod(0o644)
    assert said(files.secrets(config, US)) == [(Check.SECRET, Severity.WARNING)]
    (place / "pin").chmod(0o600)
    assert said(files.secrets(config, US)) == [(Check.SECRET, Severity.OK)]
    assert said(files.secrets(config, STRANGER)) == [(Check.SECRET, Severity.ERROR)]


def test_a_secret_that_systemd_hands_over_need_not_be_readable(configured: Configured, place: Path) -> None:
    """The unit as shipped names the directory; a file in it is root's, and well."""
    (place / "pin").write_text("1234")
    (place / "pin").chmod(0o600)
    config = configured('[[modem]]\nname = "m"\ndevice = "/dev/null"\npin_file = "{place}/pin"\n')
    handed = replace(STRANGER, handed=frozenset({place}))
    assert said(files.secrets(config, handed)) == [(Check.SECRET, Severity.OK)]
    (place / "pin").chmod(0o644)
    assert said(files.secrets(config, handed)) == [(Check.SECRET, Severity.WARNING)]


def test_an_encrypted_secret_is_well_where_it_opens_whoever_reads_the_file(
    configured: Configured, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configured('[[modem]]\nname = "m"\ndevice = "/dev/null"\npin_file = "{place}/encrypted/pin"\n')
    file = place / "encrypted" / "pin"
    file.parent.mkdir()
    file.write_text("not for this host")
    file.chmod(0o644)
    handed = replace(STRANGER, handed=frozenset({file.parent}))
    monkeypatch.setattr("smsd.doctor.files.read_secret", lambda _: "4711")
    assert said(files.secrets(config, handed)) == [(Check.SECRET, Severity.OK)]

    def refuse(path: Path) -> str:
        raise ConfigError(f"{path}: does not open on this host: …")

    monkeypatch.setattr("smsd.doctor.files.read_secret", refuse)
    [finding] = files.secrets(config, handed)
    assert (finding.severity, finding.what) == (Severity.ERROR, "does not open on this host: …")
    assert f"systemd-creds encrypt --name=encrypted_pin - {file}" in finding.cure


PIN = '[[modem]]\nname = "m"\ndevice = "/dev/null"\npin_file = "{place}/pin"\n'


@pytest.mark.parametrize("octets", [b"", b"\n", b"12\n34\n", b"\xff"])
def test_a_secret_that_is_none_is_told(configured: Configured, place: Path, octets: bytes) -> None:
    (place / "pin").write_bytes(octets)
    (place / "pin").chmod(0o600)
    [finding] = files.secrets(configured(PIN), US)
    assert (finding.check, finding.severity) == (Check.SECRET, Severity.ERROR)
    assert "the secret" in finding.what


def test_a_secret_that_is_missing_is_put_where_and_as_it_is_looked_for(configured: Configured, place: Path) -> None:
    """What systemd hands over is root's; what the daemon reads by itself is the daemon's."""
    [finding] = files.secrets(configured(PIN), STRANGER)
    assert finding.cure.startswith(f"sudo install -o stranger -m 600 /dev/stdin {place}/pin")
    [finding] = files.secrets(configured(PIN), replace(STRANGER, handed=frozenset({place})))
    assert finding.cure.startswith(f"sudo install -m 0400 /dev/stdin {place}/pin")
    [finding] = files.secrets(configured(PIN.replace("/pin", "/encrypted/pin")), STRANGER)
    assert finding.cure.startswith(f"sudo systemd-creds encrypt --name=encrypted_pin - {place}/encrypted/pin")


def test_a_key_is_not_promised_where_the_daemon_can_make_none(place: Path) -> None:
    for account, key in [
        (replace(US, handed=frozenset({place})), place / "smsd.key"), (STRANGER, place / "smsd.key"),
        (US, place / "nowhere" / "smsd.key"),
    ]:  # fmt: skip
        [finding] = files.key(key, account, None)
        assert (finding.check, finding.severity) == (Check.KEY, Severity.ERROR)
        assert f"smsd.key {key})" in finding.cure


def test_an_encrypted_file_that_nobody_asked_for_and_that_does_not_open_is_told(
    configured: Configured, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is there is opened by systemd, and nothing is started when one does not open."""
    handed = place / "encrypted"
    handed.mkdir()
    for name in ("good", "bad"):
        (handed / name).write_text(name, "ascii")

    def read(path: Path) -> str:
        if path.name == "bad":
            raise ConfigError(f"{path}: does not open on this host: …")
        return "secret"

    monkeypatch.setattr("smsd.doctor.files.read_secret", read)
    [finding] = files.secrets(configured(), replace(US, handed=frozenset({handed, place})))
    assert (finding.about, finding.severity) == (f"unit: {handed}/bad", Severity.ERROR)
    assert "does not start for it" in finding.what


def test_what_the_unit_hands_over_is_read_from_it(tmp_path: Path) -> None:
    unit = Path(__file__).parents[2] / "systemd" / "smsd.service"
    assert files.handed_by([tmp_path / "none", unit]) == {Path("/etc/smsd/credentials"), Path("/etc/smsd/encrypted")}


def test_a_port_that_is_not_there_or_not_ours_is_told(configured: Configured, place: Path) -> None:
    [finding] = files.devices(configured(), US)
    assert (finding.check, finding.severity) == (Check.MODEM, Severity.ERROR)
    (place / "modem").touch(0o660)
    assert list(files.devices(configured(), US)) == []
    [finding] = files.devices(configured(), STRANGER)
    assert finding.check is Check.PERMISSIONS
    assert "stranger" in finding.what


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_port_of_roots_is_given_to_a_group_that_the_daemon_is_in(configured: Configured, place: Path) -> None:
    """Not to one that it would have to be put into first, and that opens every port there is."""
    (place / "modem").touch(0o600)
    nobody = account_of(Path("/nowhere"))
    nobody = replace(nobody, name="nobody", uid=pwd.getpwnam("nobody").pw_uid, groups=frozenset({65534}))
    [finding] = files.devices(configured(), nobody)
    group = grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_name
    assert finding.cure.startswith(f"sudo chgrp {group} {place}/modem && sudo chmod g+rw {place}/modem; ")
    [finding] = files.devices(configured(), STRANGER)
    assert finding.cure.startswith("sudo chgrp dialout ")


def test_the_names_that_stay_are_proposed_for_a_port_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "usb-HUAWEI_Mobile-if02-port0").touch()
    assert "usb-HUAWEI_Mobile-if02-port0" in files._where_else(tmp_path)
    assert "lsusb" in files._where_else(tmp_path / "none")
