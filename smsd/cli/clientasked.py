"""A client as the client-support system knows him, where that is the directory.

Knows how one question is asked from a command line. Refuses to keep anything of the answer.
"""

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from smsd.errors import NotFoundError
from smsd.speech import _

if TYPE_CHECKING:
    from smsd.cli.app import App
    from smsd.directory import Registration

__all__ = ["asked_client", "say_elsewhere"]


def asked_client(app: "App", phone: str) -> tuple[dict[str, Any], str | None]:
    """Return a client as a row of the local table would be, and his password.

    Raises ``NotFoundError``, and ``DirectoryError`` where the system cannot be asked.
    """
    import asyncio  # noqa: PLC0415  start-up time

    found = asyncio.run(_ask(app, phone))
    if found is None:
        raise NotFoundError("the client-support system knows no client with this number")
    row = {
        "phone": phone,
        "code": found.code,
        "login": found.login,
        "name": found.name,
        "has_password": found.password is not None,
        "changed_at": None,
    }
    return row, found.password


def say_elsewhere(app: "App") -> None:
    """Say that the table which is read or changed is not what the daemon asks."""
    if url := app.config.directory.url:
        told = _("this is the local table; the daemon asks the client-support system, {url}")
        click.echo(told.format(url=url), err=True)


async def _ask(app: "App", phone: str) -> "Registration | None":
    from smsd.daemon.directory import http_directory  # noqa: PLC0415  start-up time

    once = dataclasses.replace(app.config.directory, attempts=1)
    async with http_directory(dataclasses.replace(app.config, directory=once)) as directory:
        return await directory.registration(phone)
