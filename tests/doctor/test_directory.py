"""The client-support system is asked about our own number: it answers, or it is said why not."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from smsd.config import parse
from smsd.doctor.directory import look_at_directory
from smsd.doctor.finding import Check, Finding, Severity, exit_code
from tests.directory.ssk import Fault, Ssk

NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


async def seen(ssk: Ssk, folder: Path, token: str = "token", trouble: str | None = None) -> Finding:
    """Return what is found out by asking, of a system that does not tell the time."""
    [found] = await looked(ssk, folder, token, trouble)
    return found


async def looked(ssk: Ssk, folder: Path, token: str = "token", trouble: str | None = None) -> tuple[Finding, ...]:
    file = folder / "token"
    file.write_text(f"{token}\n", "utf-8")
    file.chmod(0o600)
    return await look_at_directory(
        parse(f'[directory]\nurl = "{ssk.url}"\ntoken_file = "{file}"\ntimeout_seconds = 1'),
        NOON.timestamp,
        trouble,
    )


async def test_one_that_answers_is_fine_and_has_been_asked_about_nobody_else(tmp_path: Path) -> None:
    async with Ssk() as ssk:
        found = await seen(ssk, tmp_path)
        assert (found.check, found.severity) == (Check.DIRECTORY, Severity.OK)
        assert ssk.asked == [("POST", "/client", {"phone": "+79086228779"})]


async def test_one_that_does_not_is_an_error_of_the_way_there(tmp_path: Path) -> None:
    async with Ssk() as ssk:
        found = await seen(ssk, tmp_path, token="other")
        assert (found.severity, exit_code([found])) == (Severity.ERROR, 69)
        assert "refuses our token" in found.what
        assert "hunter" not in found.cure
        ssk.fault = Fault.ERROR
        assert "answers 500" in (await seen(ssk, tmp_path)).what
        await ssk.stop()
        assert "ConnectError" in (await seen(ssk, tmp_path)).what


async def test_one_that_answers_otherwise_than_documented_is_worth_a_look(tmp_path: Path) -> None:
    async with Ssk() as ssk:
        ssk.add("+79086228779", code=7)
        found = await seen(ssk, tmp_path)
        assert found.severity is Severity.WARNING
        assert "field code: must be a string" in found.what


async def test_its_clock_is_compared_with_ours(tmp_path: Path) -> None:
    async with Ssk() as ssk:
        ssk.add("+79086228779")
        for behind, severity, words in (
            (timedelta(seconds=50), Severity.OK, "its clock agrees with this host's"),
            (timedelta(minutes=5), Severity.WARNING, "its clock is 5 min behind this host's"),
            (timedelta(hours=-3), Severity.WARNING, "its clock is 3.0 h ahead of this host's"),
        ):
            ssk.date = format_datetime(NOON - behind, usegmt=True)
            answer, clock = await looked(ssk, tmp_path)
            assert (answer.severity, answer.what) == (Severity.OK, "answers, in the documented shape")
            assert (clock.check, clock.severity, clock.what) == (Check.DIRECTORY, severity, words)
        ssk.date = "yesterday"
        assert len(await looked(ssk, tmp_path)) == 1


async def test_one_that_answers_us_and_not_the_daemon_is_the_units_affair(tmp_path: Path) -> None:
    async with Ssk() as ssk:
        found = await seen(ssk, tmp_path, trouble="ssk.example.net: ConnectTimeout")
        assert found.severity is Severity.WARNING
        assert "ConnectTimeout" in found.what
        assert "IPAddressAllow=" in found.cure
