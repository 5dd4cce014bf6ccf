"""The sources: what each file must have, and what none may have."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "smsd"
LONGEST = 500
LONG: dict[str, str] = {}
"""Files that may be longer, each with its reason."""

ELSEWHERE: dict[str, str] = {
    "api/app.py": "api/test_server.py",
    "api/hookclient.py": "api/test_hooks.py",
    "api/offices.py": "api/test_notifications.py",
    "api/operation.py": "api/test_document.py",
    "api/problem.py": "api/test_notifications.py",
    "asking.py": "routes/http/test_client.py",
    "cli/plugged.py": "cli/test_modem.py",
    "cli/snapshot.py": "cli/test_status.py",
    "config/alarms.py": "daemon/test_alarms.py",
    "config/checks.py": "test_config.py",
    "config/http.py": "test_config.py",
    "config/key.py": "test_config.py",
    "config/keys.py": "test_config.py",
    "config/limits.py": "test_config_quota.py",
    "config/reader.py": "test_config.py",
    "config/templates.py": "test_config_api.py",
    "config/terms.py": "api/test_notifications.py",
    "daemon/beside.py": "acceptance/test_selftest.py",
    "config/selftest.py": "acceptance/test_selftest.py",
    "daemon/api.py": "api/test_notifications.py",
    "daemon/hooks.py": "api/test_hooks.py",
    "daemon/directory.py": "acceptance/test_ssk.py",
    "config/metrics.py": "daemon/test_metrics.py",
    "daemon/figures.py": "house/test_monitoring.py",
    "store/measures.py": "daemon/test_metrics.py",
    "config/sim.py": "acceptance/test_simlife.py",
    "daemon/routes.py": "acceptance/test_operator.py",
    "daemon/usbreset.py": "host/test_unit.py",
    "daemon/settings.py": "test_config.py",
    "desk/access.py": "api/test_caller.py",
    "errors.py": "house/test_errors_page.py",
    "gateway/route.py": "gateway/test_gateway.py",
    "routes/http/settings.py": "routes/http/test_route.py",
    "routes/modem/agenda.py": "routes/test_modem_route.py",
    "routes/modem/card.py": "routes/test_modem_faults_state.py",
    "routes/modem/diagnosis.py": "routes/test_modem_cures.py",
    "routes/modem/driver.py": "routes/test_modem_faults_line.py",
    "routes/modem/health.py": "routes/test_modem_faults_state.py",
    "routes/modem/finder.py": "routes/test_modem_identity.py",
    "routes/modem/holder.py": "routes/test_holder.py",
    "routes/modem/host.py": "routes/test_host.py",
    "routes/modem/inbox.py": "routes/test_modem_faults_store.py",
    "routes/modem/leftovers.py": "routes/test_modem_faults_store.py",
    "routes/modem/network.py": "routes/test_modem_faults_state.py",
    "routes/modem/opening.py": "routes/test_modem_identity.py",
    "routes/modem/port.py": "routes/test_port.py",
    "routes/modem/quirks.py": "routes/test_modem_faults_store.py",
    "routes/modem/record.py": "routes/test_transcripts.py",
    "routes/modem/remedies.py": "routes/test_modem_cures.py",
    "routes/modem/results.py": "routes/test_results.py",
    "routes/modem/sender.py": "routes/test_modem_faults_line.py",
    "routes/modem/session.py": "routes/test_modem_route.py",
    "routes/modem/settings.py": "routes/test_modem_route.py",
    "routes/modem/setup.py": "routes/test_modem_faults_store.py",
    "routes/modem/telling.py": "routes/test_modem_route.py",
    "routes/modem/timings.py": "routes/test_modem_faults_line.py",
    "routes/modem/translate.py": "routes/test_modem_route.py",
    "routes/modem/usbports.py": "routes/test_host.py",
    "routes/state.py": "routes/test_operator.py",
    "simulator/arrivals.py": "simulator/test_messages.py",
    "simulator/equipment.py": "simulator/test_modem.py",
    "simulator/receipts.py": "simulator/test_smsc.py",
    "simulator/settings.py": "simulator/test_messages.py",
    "simulator/played.py": "routes/test_transcripts.py",
    "store/attempts.py": "store/test_outbox_model.py",
    "store/claims.py": "store/test_whole.py",
    "store/events.py": "store/test_webhook_events.py",
    "store/keys.py": "store/test_wishes.py",
    "store/progress.py": "store/test_outbox_model.py",
    "store/tokens.py": "api/test_caller.py",
    "wire/information.py": "wire/test_at.py",
    "wire/status.py": "wire/test_tpdu.py",
    "wire/transcript.py": "wire/test_anonymity.py",
}
"""Modules that are tested through another door than their own name, each with the file where that is done."""

NOT_OURS = re.compile(
    r"/(?:home|root|work|farm|Users)/|\b(?:issue|ticket) #\d|\bas (?:requested|instructed)\b|co-authored-by"
    r"|\bTODO\b|\bFIXME\b",
    re.IGNORECASE,
)


def sources(*folders: str) -> list[Path]:
    """Return every Python file of some folders."""
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def texts() -> Iterator[Path]:
    """Return every file that somebody wrote."""
    kept = {".py", ".md", ".sql", ".toml", ".txt", ".service", ".rules", ".csv", ""}
    for file in sorted(ROOT.rglob("*")):
        inside = file.relative_to(ROOT).parts
        generated = any((part.startswith(".") and part != ".ci") or part in {"build", "dist"} for part in inside)
        if not generated and file.is_file() and file.suffix in kept and file != Path(__file__):
            yield file


def test_no_file_is_long_without_a_reason() -> None:
    lengths = {file: len(file.read_text("utf-8").splitlines()) for file in sources("smsd", "tests", "docs")}
    long = {str(file.relative_to(ROOT)) for file, lines in lengths.items() if lines > LONGEST}
    assert long == set(LONG)


def public(body: list[ast.stmt]) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return what a module or a class lets others use, functions within functions left out."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            if any(isinstance(each, ast.Attribute) and each.attr == "setter" for each in node.decorator_list):
                continue  # its property has said it
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


def test_everything_public_says_what_it_is() -> None:
    trees = {str(file.relative_to(ROOT)): ast.parse(file.read_text("utf-8")) for file in sources("smsd")}
    silent = [name for name, tree in trees.items() if not ast.get_docstring(tree)]
    silent += [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in trees.items()
        for node in public(tree.body)
        if not ast.get_docstring(node)
    ]
    assert silent == []


def places_of_tests(module: Path) -> Iterator[Path]:
    """Return where a module's tests may be: ``a/b.py`` in tests/a/test_b.py, or in tests/test_a_b.py."""
    *folders, last = module.with_suffix("").parts
    for depth in range(len(folders) + 1):
        yield ROOT.joinpath("tests", *folders[:depth], f"test_{'_'.join([*folders[depth:], last])}.py")


def test_the_map_of_a_package_leads_to_modules_that_are_there() -> None:
    lost = []
    for file in PACKAGE.rglob("__init__.py"):
        told = re.findall(r"``([a-z_]+)``", ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "")
        near = PACKAGE.rglob("*") if file.parent == PACKAGE else [*file.parent.iterdir(), *PACKAGE.iterdir()]
        lost += [f"{file.relative_to(ROOT)}: {name}" for name in set(told) - {each.stem for each in near}]
    assert lost == []


def test_every_module_is_tested_by_a_file_of_its_name_or_a_named_one() -> None:
    modules = [file.relative_to(PACKAGE) for file in sources("smsd") if not file.name.startswith("__")]
    unnamed = {str(module) for module in modules if not any(file.exists() for file in places_of_tests(module))}
    assert unnamed == set(ELSEWHERE)
    assert [file for file in ELSEWHERE.values() if not (ROOT / "tests" / file).exists()] == []


def test_no_file_speaks_of_the_place_it_was_written_at() -> None:
    for file in texts():
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            assert not NOT_OURS.search(line), f"{file.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
