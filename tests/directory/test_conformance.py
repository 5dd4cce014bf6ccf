"""What the gateway may rely on, whoever the directory is: the local table and the client-support system alike."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from smsd.directory import Directory, Registration, Wish
from smsd.directory.local import LocalDirectory, seal_context
from smsd.errors import DirectoryError, StoreBusyError
from smsd.store import Client, Row, Store
from smsd.store.thread import StoreThread
from smsd.vault import Vault, seal
from tests.directory.house import OTHER, PHONE, asking
from tests.directory.ssk import Fault, Ssk

STOP = Wish(subscribed=False, decided_at=1_800_000_000.25, request_id=17)


class Rig(Protocol):
    """A directory, and the hands of those who keep it."""

    @property
    def directory(self) -> Directory: ...

    def add(self, phone: str, code: str, login: str, password: str | None, name: str = "") -> None: ...

    def stop(self, phone: str) -> None: ...

    def break_(self) -> None: ...

    def mend(self) -> None: ...


@dataclass
class Local:
    """The store's own table."""

    thread: StoreThread
    vault: Vault
    broken: bool = False

    @property
    def directory(self) -> Directory:
        async def client(phone: str) -> Row | None:
            if self.broken:
                raise StoreBusyError("somebody writes: try again")
            return await self.thread.call(self.thread.store.clients.get, phone)

        return LocalDirectory(client, self.vault)

    def add(self, phone: str, code: str, login: str, password: str | None, name: str = "") -> None:
        sealed = None if password is None else seal(self.vault.public, password, associated=seal_context(phone))
        self.thread.store.clients.put([Client(phone, code, login, sealed, name)], cause="test")

    def stop(self, phone: str) -> None:
        self.thread.store.clients.heed_stop(phone, "test")

    def break_(self) -> None:
        self.broken = True

    def mend(self) -> None:
        self.broken = False


@dataclass
class Http:
    """The client-support system over HTTP."""

    ssk: Ssk
    directory: Directory

    def add(self, phone: str, code: str, login: str, password: str | None, name: str = "") -> None:
        self.ssk.add(phone, code=code, login=login, password=password, name=name, subscribed=True)

    def stop(self, phone: str) -> None:
        self.ssk.clients[phone]["subscribed"] = False

    def break_(self) -> None:
        self.ssk.fault = Fault.ERROR

    def mend(self) -> None:
        self.ssk.fault = None


@pytest.fixture(params=["local", "http"])
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    """Give each directory in turn."""
    if request.param == "http":
        async with Ssk() as ssk, asking(ssk.url) as directory:
            yield Http(ssk, directory)
        return
    thread = StoreThread(await asyncio.to_thread(Store, tmp_path / "smsd.db", lambda: 1_800_000_000.0))
    try:
        yield Local(thread, Vault.generate())
    finally:
        thread.close()


async def test_a_client_is_found_with_all_that_is_known_of_him(rig: Rig) -> None:
    rig.add(PHONE, "0042", "ivanov", "Xq7vRk29", "Иванов И. И.")
    found = await rig.directory.registration(PHONE)
    assert found == Registration("0042", "ivanov", "Xq7vRk29", "Иванов И. И.", subscribed=True)


async def test_who_has_stopped_is_known_to_have(rig: Rig) -> None:
    rig.add(PHONE, "1", "ivanov", "Xq7vRk29")
    rig.stop(PHONE)
    found = await rig.directory.registration(PHONE)
    assert found is not None
    assert found.subscribed is False


async def test_who_has_no_password_is_found_without(rig: Rig) -> None:
    rig.add(PHONE, "1733", "ivanov", None)
    found = await rig.directory.registration(PHONE)
    assert found is not None
    assert found.password is None


async def test_a_stranger_is_nobody(rig: Rig) -> None:
    rig.add(OTHER, "1", "petrov", "secret")
    assert await rig.directory.registration(PHONE) is None


async def test_clients_who_are_asked_about_together_are_not_mixed_up(rig: Rig) -> None:
    phones = [f"+7916000{number:04}" for number in range(20)]
    for number, phone in enumerate(phones):
        rig.add(phone, str(number), f"login{number}", f"password{number}")
    found = await asyncio.gather(*(rig.directory.registration(phone) for phone in phones))
    assert [each and (each.code, each.password) for each in found] == [
        (str(number), f"password{number}") for number in range(20)
    ]


async def test_values_are_handed_over_as_they_are(rig: Rig) -> None:
    """Braces, quotes, backslashes, emoji: none of it means anything on the way."""
    rig.add(PHONE, "{code}", 'a"b\\c', "п😀\u00e9 {login}")
    found = await rig.directory.registration(PHONE)
    assert found is not None
    assert (found.code, found.login, found.password) == ("{code}", 'a"b\\c', "п😀\u00e9 {login}")


async def test_trouble_is_told_as_trouble_and_passes(rig: Rig) -> None:
    """Never as a stranger: he would be told that he is no client."""
    rig.add(PHONE, "1", "ivanov", "Xq7vRk29")
    rig.break_()
    for _ in range(3):
        with pytest.raises(DirectoryError) as caught:
            await rig.directory.registration(PHONE)
        assert PHONE not in str(caught.value)
    rig.mend()
    assert await rig.directory.registration(PHONE) is not None


async def test_a_wish_may_be_told_twice_and_of_a_stranger(rig: Rig) -> None:
    for _ in range(2):
        await rig.directory.subscribe(OTHER, STOP)


async def test_nothing_of_a_client_is_in_a_repr(rig: Rig) -> None:
    rig.add(PHONE, "code-1733", "ivanov", "Xq7vRk29", "Иванов")
    shown = repr(await rig.directory.registration(PHONE))
    assert not any(each in shown for each in ("1733", "ivanov", "Xq7vRk29", "Иванов"))
