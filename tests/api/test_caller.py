"""Who may ask: the UNIX socket's file mode, or a token of the right scope; nothing else."""

import base64
import stat

import pytest

from smsd.api.caller import Gate
from smsd.api.problem import Problem
from smsd.desk.access import Scope, bearer, new_token
from smsd.errors import UsageError
from smsd.store import Token
from tests.api.house import PHONE, Face

BODY = {"to": PHONE, "text": "text"}


@pytest.mark.parametrize("shown", [None, "Basic dTpw", "Bearer", "Bearer x", "Bearer smsd_1_" + "A" * 43])
async def test_by_tcp_nobody_is_anybody_without_a_token(face: Face, shown: str | None) -> None:
    headers = {} if shown is None else {"Authorization": shown}
    answer = await face.far.post("/v1/notifications", json=BODY, headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (401, "Authorization")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert face.store.outbox.recent(limit=0) == []


async def test_a_token_opens_what_it_is_for_and_nothing_else(face: Face) -> None:
    notify = face.token(Scope.NOTIFY)
    sent = await face.far.post("/v1/notifications", json=BODY, headers=notify)
    assert sent.status_code == 202
    refused = await face.far.get(sent.headers["location"], headers=notify)
    assert (refused.status_code, refused.json()["cure"]) == (403, "make another: smsd token add NAME --scope view")
    assert (await face.far.post("/v1/alerts", json={"text": "x"}, headers=notify)).status_code == 403
    seen = await face.far.get(sent.headers["location"], headers=face.token(Scope.VIEW, name="viewer"))
    assert seen.json()["state"] == "queued"


async def test_a_revoked_token_opens_nothing_a_second_later() -> None:
    now, holds = 0.0, True

    async def ask(written: str) -> Token | None:
        return Token(1, "ccs", frozenset({"notify"})) if holds else None

    gate = Gate(ask, lambda: now)
    assert await gate.admit(None, "Bearer smsd_1_x", Scope.NOTIFY) is not None
    holds, now = False, 1.01
    with pytest.raises(Problem) as refused:
        await gate.admit(None, "Bearer smsd_1_x", Scope.NOTIFY)
    assert refused.value.status == 401


def test_tokens_are_kept_as_digests_only(face: Face) -> None:
    written = new_token(face.store, "ccs", [Scope.VIEW])
    secret = written.split("_", 2)[2]  # which may hold an underscore itself
    found = bearer(face.store, written)
    assert found is not None
    assert (found.name, found.scopes) == ("ccs", frozenset({"view"}))
    whole = b"".join(file.read_bytes() for file in face.store.path.parent.glob("smsd.db*"))
    assert secret.encode() not in whole
    assert secret[:20].encode() not in whole
    assert base64.urlsafe_b64decode(secret + "=") not in whole
    with pytest.raises(UsageError, match="already"):
        new_token(face.store, "ccs", [Scope.VIEW])
    face.store.tokens.revoke("ccs")
    assert bearer(face.store, written) is None
    assert new_token(face.store, "ccs", [Scope.NOTIFY]) != written
    [newest, oldest] = face.store.tokens.recent(limit=0)
    assert (newest["revoked_at"], oldest["scopes"]) == (None, "view")
    assert oldest["used_at"] is not None


async def test_the_document_is_for_everybody(face: Face) -> None:
    assert (await face.far.get("/v1/openapi.json")).json()["openapi"] == "3.1.0"


def test_the_socket_is_for_owner_and_group(face: Face) -> None:
    assert face.config.api.socket is not None
    assert stat.S_IMODE(face.config.api.socket.stat().st_mode) == 0o660
