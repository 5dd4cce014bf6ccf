"""What a person sees of an examination, and what a script."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smsd.cli import main
from smsd.doctor import Check
from smsd.sms import RouteStatus
from tests.store.house import House

Smsd = Callable[..., Result]
UP = RouteStatus(
    True, "ready", "", {"registration": "home", "service_centre": "+7", "slots_total": 20, "slots_used": 1}
)


@pytest.fixture
def with_modem(config: Path, tmp_path: Path) -> None:
    """One modem, in a directory that is closed to others."""
    tmp_path.chmod(0o750)
    (tmp_path / "modem").touch()
    config.write_text(
        f'{config.read_text("utf-8")}[alarms]\nphones = ["+79990000001"]\n[[modem]]\ndevice = "{tmp_path}/modem"\n',
        "utf-8",
    )


@pytest.mark.usefixtures("with_modem", "daemon")
def test_nothing_wrong_is_said_in_one_line_and_is_0(smsd: Smsd, house: House) -> None:
    house.store.put_route("modem0", UP)
    result = smsd("doctor")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("nothing wrong found; ")
    assert "ok      modem, modem0" in smsd("doctor", "--all").stdout


@pytest.mark.usefixtures("with_modem", "daemon")
def test_a_trouble_of_a_route_is_told_with_its_cure_and_is_69(smsd: Smsd, house: House) -> None:
    house.store.put_route("modem0", RouteStatus(False, "sim-absent", "no SIM in the modem"))
    result = smsd("doctor")
    assert result.exit_code == 69
    assert "error   sim, modem0: none: no SIM in the modem\n        cure: put a SIM in" in result.stdout
    told = json.loads(smsd("doctor", "--json").stdout)
    assert (told["healthy"], told["exit_code"]) == (False, 69)
    [sim] = [each for each in told["findings"] if each["check"] == "sim"]
    assert (sim["severity"], sim["about"]) == ("error", "modem0")
    assert {each["check"] for each in told["findings"]} <= set(Check)


@pytest.mark.usefixtures("with_modem", "daemon")
def test_a_route_keeps_its_name_in_russian_and_its_refusal_is_told_whole(
    smsd: Smsd, house: House, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with config.open("a") as file:
        file.write('[[smpp]]\nname = "operator"\nhost = "smsc.example.net"\n')
    refusal = "SMPP 0x0E: invalid password (is it the right name and password?)"
    house.store.put_route("modem0", UP)
    house.store.put_route("operator", RouteStatus(False, "refused", refusal))
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    told = "bind, operator: smsc.example.net нас не впускает: SMPP 0x0E: неверный пароль (те ли имя и пароль?)\n"
    assert told in smsd("doctor").stdout


def test_a_mistake_in_the_configuration_is_a_finding_and_78(smsd: Smsd, config: Path) -> None:
    config.write_text("[servise]\n", "utf-8")
    result = smsd("doctor")
    assert result.exit_code == 78
    assert "did you mean service?" in result.stdout
    assert json.loads(smsd("doctor", "--json").stdout)["findings"][0]["check"] == "configuration"


def test_a_missing_configuration_is_a_finding_as_well(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--config", str(tmp_path / "none.toml"), "doctor"])
    assert (result.exit_code, "no such file" in result.stdout) == (78, True)
