"""A command line on a database of its own, beside the house that fills it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smsd.cli import main
from smsd.cli.app import App
from smsd.store.lock import DaemonLock
from tests.store.house import House


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration file that names the database of the house."""
    path = tmp_path / "smsd.toml"
    path.write_text(f'[database]\nurl = "sqlite:///{tmp_path}/smsd.db"\n', "utf-8")
    return path


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A fresh store, now: the command line has the real clock, which stands from then on.

    Ages are told to a second: how long a test takes is the machine's business.
    """
    house = House(tmp_path, now=time.time())
    now = house.now
    monkeypatch.setattr(App.__init__, "__defaults__", (lambda: now,))
    yield house
    house.store.close()


@pytest.fixture
def smsd(config: Path) -> Callable[..., Result]:
    """The command ``smsd`` with that configuration, in a pipe: returns exit code and what was printed."""

    def run(*words: str, stdin: str | bytes | None = None) -> Result:
        result = CliRunner().invoke(main, ["--config", str(config), *words], input=stdin, prog_name="smsd")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def daemon(house: House) -> Iterator[None]:
    """The lock that a running daemon holds."""
    lock = DaemonLock(house.path, "smsd run, process 7, since 2026-12-01T06:23:49+03:00")
    yield
    lock.release()
