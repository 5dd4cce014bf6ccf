"""Profiles: those that come with the program, and what is refused in those that somebody writes."""

import re
from pathlib import Path

import pytest

from smsd.errors import ConfigError
from smsd.routes.http.profile import Action, Auth, Recipient, State, names, parse, read_profile, shipped
from smsd.rules.routing import Block
from tests.routes.http.house import BY_KEY, PROFILE


def test_the_operators_of_the_documentation_come_with_the_program() -> None:
    assert names() == ["beeline-a2p", "megafon-a2p", "mts-exolve", "sms-aero", "smsc-ru", "t2-target"]


@pytest.mark.parametrize("name", names())
def test_a_profile_that_comes_with_the_program_says_where_it_is_from_and_that_it_is_untried(name: str) -> None:
    profile = shipped(name)
    assert profile.tried == "not yet tried against the real service"
    assert profile.source
    assert profile.url.startswith("https://")
    assert {"sender", "recipient", "text"} <= profile.submit.places
    named = "password" in profile.submit.places
    assert named == (profile.auth is Auth.NONE), "who we are is said once"


def test_a_profile_that_nobody_knows_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="'mts' is no profile of an HTTP operator; there are: beeline-a2p, "):
        shipped("mts")


def test_a_whole_profile_is_understood() -> None:
    profile = parse(PROFILE, "it")
    assert (profile.title, profile.auth, profile.recipient) == ("Simulated", Auth.BASIC, Recipient.DIGITS)
    assert profile.codes["18"] is Action.SENDER
    assert profile.states["unknown"] is State.ABSENT
    assert profile.errors == {"219": Block.SIM_SWAPPED, "254": Block.SENDER}
    assert not profile.idempotent
    assert not profile.settles
    assert parse(BY_KEY, "it").settles


def test_a_profile_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "operator.toml"
    file.write_text(PROFILE, "utf-8")
    assert read_profile(file) == parse(PROFILE, "it")
    with pytest.raises(ConfigError, match=r"none\.toml: the profile cannot be read: No such file"):
        read_profile(tmp_path / "none.toml")
    file.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        read_profile(file)


REFUSED = [
    ("= nothing", "it: not TOML"),
    ("colour = 'red'\n" + PROFILE, "it: colour: unknown key; known here: answer, auth"),
    (PROFILE.replace('path = "/messages"', 'pfad = "/"'), "it: submit.pfad: unknown key"),
    (PROFILE.replace('title = "Simulated"', ""), "it: title: is missing"),
    (PROFILE.replace('"Simulated"', "1"), "it: title: must be a string"),
    (PROFILE.replace('auth = "basic"', 'auth = "ntlm"'), "it: auth: 'ntlm' is not one of none, basic, bearer"),
    (PROFILE.replace('reference = "id"\ncode', "code"), "it: answer.reference: is missing"),
    (PROFILE.replace('18 = "sender"', '18 = "name"'), "it: codes.18: 'name' is not one of retry, later"),
    (PROFILE.replace('219 = "sim swapped"', '219 = "swapped"'), "it: errors.219: 'swapped' is not one of sender"),
    (PROFILE.replace("{text}", "{body}"), "it: submit: {body} is nothing known; known here: key, login"),
    (PROFILE.replace("{instance}", "{host}"), "it: key: {host} is nothing known; known here: attempt, instance"),
    (PROFILE.replace("/messages/{reference}", "/{text}"), "it: status: {text} is nothing known"),
    (PROFILE.replace("[submit]", "[submit]\nform = { a = 'b' }"), "it: submit: a request has one body"),
    (PROFILE.replace("[submit]", "[submit]\nheaders = { a = 1 }"), "it: submit.headers: must be a table of strings"),
    (PROFILE + "\n[http]\n4xx = 'text'", "it: http.4xx: is no status of HTTP"),
    (PROFILE.replace('[receipt]\nreference = "id"\n', "[receipt]\n"), "it: receipt: needs the paths of state and"),
    ("codes = 1\n" + PROFILE.partition("[codes]")[0], "it: codes: must be a table: write [codes]"),
]


@pytest.mark.parametrize(("text", "complaint"), REFUSED)
def test_what_is_not_understood_is_refused_in_one_line(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(complaint)) as caught:
        parse(text, "it")
    assert "\n" not in str(caught.value)
