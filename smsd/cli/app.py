"""What every command needs and only some do: the configuration, the store, the desk, each opened when first asked for.

Knows how they are made of each other. Refuses to know what is asked of them.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smsd.errors import StoreError

if TYPE_CHECKING:
    from smsd.config import Config
    from smsd.desk import Desk
    from smsd.desk.alerts import AlertDesk
    from smsd.store import Act, Store
    from smsd.vault import PublicKey

__all__ = ["App", "pass_app"]


class App:
    """One call of the command line. ``now`` is when it began, in Unix seconds: what ages are counted from."""

    def __init__(
        self, config_path: Path | None, environ: Mapping[str, str], clock: Callable[[], float] = time.time
    ) -> None:
        self._config_path = config_path
        self.environ = environ
        self.clock = clock
        self.now = clock()

    @cached_property
    def config(self) -> "Config":
        """The configuration; raises ``ConfigError``."""
        from smsd.config import load  # noqa: PLC0415  start-up time

        return load(self._config_path, self.environ)

    @property
    def database(self) -> Path:
        """The database file; raises ``StoreError`` when its directory is not there."""
        path = self.config.database.path
        try:
            there = path.parent.is_dir()
        except OSError as error:
            raise StoreError(f"{path.parent}: {error.strerror}; try as root, or as the service's user") from error
        if not there:
            raise StoreError(f"{path.parent}: no such directory; make it, or write another database.url")
        return path

    @contextmanager
    def store(self, *, migrate: bool = False, dry_run: bool = False) -> "Iterator[Store]":
        """Open the store, and close it at the end; an absent file is made. ``dry_run``: what is written is undone."""
        from smsd.store import Store  # noqa: PLC0415  start-up time

        store = Store(self.database, self.clock, migrate=migrate)
        store.engine.act = self.act()
        try:
            with store.engine.rehearsal() if dry_run else nullcontext():
                yield store
        finally:
            store.close()

    def act(self, what: str = "") -> "Act":
        """Return what is being done, for the audit trail: the command that was given, by whom, about what."""
        from smsd.cli.actor import about, who  # noqa: PLC0415  start-up time
        from smsd.store import Act  # noqa: PLC0415

        context = click.get_current_context(silent=True)
        if context is None:
            return Act(self.now, who(self.environ), what)
        command = context.command_path.removeprefix(f"{context.find_root().command_path} ")
        return Act(self.now, who(self.environ), what or command, about(context.params, self.config.service.region))

    def desk(self, store: "Store") -> "Desk":
        """Return the desk over an open store."""
        from smsd.config.terms import desk_terms  # noqa: PLC0415  start-up time
        from smsd.desk import Desk  # noqa: PLC0415
        from smsd.desk.keys import ensure_key  # noqa: PLC0415

        config = self.config
        return Desk(
            store,
            desk_terms(config),
            clock=self.clock,
            public_key=lambda: _any_key() if store.engine.rehearsing else ensure_key(store, config.key_file),
            ring=lambda: self.ring(store),
        )

    def alert_desk(self, store: "Store") -> "AlertDesk":
        """Return the desk's verbs for alerts over an open store."""
        from smsd.config.terms import alert_terms  # noqa: PLC0415  start-up time
        from smsd.desk.alerts import AlertDesk  # noqa: PLC0415

        terms = alert_terms(self.config)
        return AlertDesk(store, terms, clock=self.clock, ring=lambda: self.ring(store), breathe=time.sleep)

    def ring(self, store: "Store") -> None:
        """Tell the daemon that there is something new, unless it will be undone."""
        from smsd.store.bell import ring  # noqa: PLC0415  start-up time

        if not store.engine.rehearsing:
            ring(store.path)

    def phone(self, written: str | None) -> str | None:
        """Return a phone in any usual writing as E.164, and nothing for nothing; raises ``UsageError``."""
        from smsd.rules.phones import e164  # noqa: PLC0415  start-up time

        return None if written is None else e164(written, self.config.service.region)

    def daemon(self) -> str | None:
        """Return how the running daemon describes itself, or ``None`` when none runs."""
        from smsd.store.lock import holder  # noqa: PLC0415

        return holder(self.database)


def _any_key() -> "PublicKey":
    """Return a key to seal by what will be undone: the store's own is not made for it."""
    from smsd.vault import KEY_OCTETS, Vault  # noqa: PLC0415  start-up time

    return Vault(os.urandom(KEY_OCTETS)).public


pass_app = click.make_pass_decorator(App)
