"""A real Prometheus reads our metrics and our rules: a stranger's parser, and its arithmetic."""

import asyncio
import contextlib
import json
import re
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from smsd.daemon.metrics import Metrics, serving
from tests.gateway.conftest import start
from tests.gateway.house import ScriptedRoute, Start
from tests.house.test_monitoring import expressions
from tests.ports import reserved_port

__all__ = ["start"]  # the fixture of the gateway's tests

MONITORING = Path(__file__).parents[2] / "monitoring"
RULES = MONITORING / "smsd.rules.yml"
pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(
        shutil.which("prometheus") is None or shutil.which("promtool") is None,
        reason="prometheus is not installed (apt-get install --no-install-recommends prometheus)",
    ),
]


def test_promtool_understands_the_rules() -> None:
    done = subprocess.run(["promtool", "check", "rules", str(RULES)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "SUCCESS" in done.stdout


def test_each_rule_fires_at_what_it_is_for_and_at_nothing_else() -> None:
    cases = Path(__file__).parent / "smsd.rules.test.yml"
    done = subprocess.run(["promtool", "test", "rules", str(cases)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = set(re.findall(r"alert: (\w+)", RULES.read_text("utf-8")))
    assert set(re.findall(r"alertname: (\w+)", cases.read_text("utf-8"))) == told


async def test_promtool_finds_no_fault_with_the_page(start: Start) -> None:
    house = await start(ScriptedRoute())
    page = await Metrics(house.gateway, house.gateway._thread).page()
    done = await asyncio.to_thread(
        subprocess.run, ["promtool", "check", "metrics"], input=page, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


class Server:
    """A Prometheus that runs."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}/api/v1/"

    def ask(self, path: str, **values: str) -> Any:
        """Return what it says to a query."""
        query = f"{self._base}{path}?{urllib.parse.urlencode(values)}"
        with urllib.request.urlopen(query, timeout=60) as answer:  # noqa: S310  our own host
            return json.load(answer)["data"]

    async def until(self, query: str) -> Any:
        """Wait until a query has a result."""
        async with asyncio.timeout(90):
            while True:
                try:
                    if result := (await asyncio.to_thread(self.ask, "query", query=query))["result"]:
                        return result
                except OSError:
                    pass
                await asyncio.sleep(0.1)

    async def judged(self) -> list[Any]:
        """Return the rules once each was evaluated; each group has a moment of its own for that."""
        async with asyncio.timeout(90):
            while True:
                groups = (await asyncio.to_thread(self.ask, "rules"))["groups"]
                rules = [rule for group in groups for rule in group["rules"]]
                if all(rule["health"] != "unknown" for rule in rules):
                    return rules
                await asyncio.sleep(0.1)


@pytest.fixture
async def prometheus(start: Start, tmp_path: Path) -> AsyncIterator[Server]:
    """Run a Prometheus that scrapes a gateway at work every second."""
    route = ScriptedRoute()
    house = await start(route, ScriptedRoute(name="modem1", up=False))
    metrics = Metrics(house.gateway, house.gateway._thread)
    house.gateway.counter = metrics
    house.enqueue("one")
    await house.until(lambda: len(route.submits) == 1)
    async with contextlib.AsyncExitStack() as stack:
        port = await stack.enter_async_context(serving(metrics, "127.0.0.1:0", None, 15.0))
        config = tmp_path / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
            f"rule_files: [{json.dumps(str(RULES))}]\n"
            f"scrape_configs: [{{job_name: smsd, static_configs: [{{targets: ['127.0.0.1:{port()}']}}]}}]\n"
        )
        listen = stack.enter_context(reserved_port())
        process = await asyncio.to_thread(
            subprocess.Popen,
            [
                "prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}",
                f"--web.listen-address=127.0.0.1:{listen}", "--log.level=error",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield Server(listen)
        finally:
            process.kill()
            await asyncio.to_thread(process.wait)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_prometheus_scrapes_evaluates_the_rules_and_answers_the_dashboard(prometheus: Server) -> None:
    [up] = await prometheus.until('smsd_route_up{route="scripted"}')
    assert up["value"][1] == "1"
    [sent] = await prometheus.until('smsd_parts_total{outcome="sent"}')
    assert sent["metric"]["class"] == "manual"
    [alert] = await prometheus.until('ALERTS{alertname="SmsdRouteDown"}')
    assert alert["metric"]["route"] == "modem1"
    rules = await prometheus.judged()
    assert len(rules) >= 10
    assert {rule["health"] for rule in rules} == {"ok"}
    for expression in expressions():
        answer = await asyncio.to_thread(prometheus.ask, "query", query=expression)
        assert answer["resultType"] in {"vector", "scalar"}, expression
