"""What the API's tests share: the API served on real sockets over a real store, and clients of both kinds."""

import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from smsd.config import Config, parse
from smsd.daemon.api import api
from smsd.desk.access import Scope, new_token
from smsd.store import Store
from smsd.store.thread import StoreThread
from tests.ports import reserved_port

PHONE = "+79160000001"
OTHER = "+79160000002"
ORDER = "# An order is ready.\n# {order}: 1733-А\nЗаказ {order} готов. К оплате {sum} руб.\n"


@dataclass
class Face:
    """The API, its store, and callers: ``near`` by the UNIX socket, ``far`` by TCP without a token."""

    config: Config
    store: Store
    near: httpx.AsyncClient
    far: httpx.AsyncClient
    rung: list[float]

    def token(self, *scopes: Scope, name: str = "ccs") -> dict[str, str]:
        """Make a token; return the header that shows it."""
        return {"Authorization": f"Bearer {new_token(self.store, name, scopes)}"}

    async def post(self, path: str, body: Any = None, key: str | None = None) -> httpx.Response:
        """Ask by the UNIX socket."""
        headers = {"Content-Type": "application/json"} | ({} if key is None else {"Idempotency-Key": key})
        return await self.near.post(path, content=json.dumps(body), headers=headers)

    async def get(self, path: str) -> dict[str, Any]:
        """Ask by the UNIX socket for what is there."""
        answer = await self.near.get(path)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


@contextlib.asynccontextmanager
async def served(folder: Path, more: str = "") -> AsyncIterator[Face]:
    """Serve the API of a configuration."""
    (folder / "templates").mkdir(exist_ok=True)
    (folder / "templates" / "order-ready.txt").write_text(ORDER, "utf-8")
    with reserved_port() as port:
        config = _configured(folder, port, more)
        async with _serving(config, port) as face:
            yield face


def _configured(folder: Path, port: int, more: str) -> Config:
    return parse(
        f"""
        [database]
        url = "sqlite:///{folder}/smsd.db"
        [api]
        socket = "{folder}/api.sock"
        listen = "127.0.0.1:{port}"
        [templates]
        directory = "templates"
        [[modem]]
        name = "modem0"
        device = "/dev/smsd/modem"
        {more}
        """,
        folder / "smsd.toml",
    )


@contextlib.asynccontextmanager
async def _serving(config: Config, port: int) -> AsyncIterator[Face]:
    thread = StoreThread(Store(config.database.path, time.time))
    store = Store(config.database.path, time.time)
    rung: list[float] = []
    try:
        async with (
            api(config, thread, time.time, lambda: rung.append(time.time())),
            httpx.AsyncClient(
                transport=httpx.AsyncHTTPTransport(uds=str(config.api.socket)), base_url="http://smsd", timeout=60.0
            ) as near,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60.0) as far,
        ):
            yield Face(config, store, near, far, rung)
    finally:
        store.close()
        thread.close()
