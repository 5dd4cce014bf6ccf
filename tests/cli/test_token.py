"""Tokens on the command line: shown once, listed without themselves, revoked."""

import json
from collections.abc import Callable

from click.testing import Result

from smsd.desk.access import bearer
from tests.store.house import House

Smsd = Callable[..., Result]


def test_a_token_is_shown_once(smsd: Smsd, house: House) -> None:
    result = smsd("token", "add", "ccs", "--scope", "notify", "--scope", "view")
    written = result.stdout.strip()
    found = bearer(house.store, written)
    assert found is not None
    assert found.scopes == {"notify", "view"}
    assert "only now" in result.stderr
    listed = smsd("token", "list").stdout + smsd("token", "list", "--json").stdout
    assert written.split("_", 2)[2] not in listed
    [row] = json.loads(smsd("token", "list", "--json").stdout)
    assert (row["name"], row["scopes"], row["revoked_at"]) == ("ccs", ["notify", "view"], None)
    assert row["used_at"] is not None


def test_a_revoked_token_holds_no_longer(smsd: Smsd, house: House) -> None:
    written = json.loads(smsd("token", "add", "ccs", "--scope", "alert", "--json").stdout)["token"]
    assert smsd("token", "revoke", "ccs").stdout == "token ccs: revoked\n"
    assert bearer(house.store, written) is None
    again = smsd("token", "revoke", "ccs")
    assert (again.exit_code, again.stderr) == (
        1,
        "smsd: no token 'ccs' that holds; 'smsd token list' shows what there is\n",
    )
    done = [(row["what"], row["about"]) for row in house.store.audit.recent(limit=0)]
    assert done == [("token revoke", "token ccs"), ("token add", "token ccs")]


def test_what_is_no_token_is_refused(smsd: Smsd) -> None:
    assert smsd("token", "add", "ccs").exit_code == 2
    assert smsd("token", "add", "ccs", "--scope", "everything").exit_code == 2
    assert smsd("token", "add", "ссс", "--scope", "view").stderr.startswith("smsd: 'ссс' is no name")
    assert smsd("token", "list").stdout == "no tokens: by TCP nobody may call\n"
