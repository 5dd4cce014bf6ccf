"""What commands share is opened when it is first asked for, and only then."""

from pathlib import Path

import pytest

from smsd.cli.app import App
from smsd.errors import ConfigError, UsageError
from smsd.rules.outbox import MessageClass


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    app = App(tmp_path / "none.toml", {})
    with pytest.raises(ConfigError):
        _ = app.config


def test_the_configuration_is_found_by_the_environment(config: Path) -> None:
    assert App(None, {"SMSD_CONFIG": str(config)}).config.path == config


def test_the_store_is_made_and_closed(config: Path) -> None:
    app = App(config, {})
    with app.store() as store:
        assert store.outbox.recent(limit=0) == []
    assert app.database.exists()


def test_the_desk_follows_the_configuration(config: Path) -> None:
    config.write_text(config.read_text("utf-8") + "[messages]\nmanual_expires_minutes = 5\n", "utf-8")
    app = App(config, {}, clock=lambda: 1000.0)
    with app.store() as store:
        queued = app.desk(store).send("8 916 123-45-67", "text")
        row = store.outbox.show(queued.id)
    assert (row["class"], row["expires_at"]) == (MessageClass.MANUAL, 1300.0)


def test_phones_are_written_as_the_region_does(config: Path) -> None:
    app = App(config, {})
    assert app.phone("8 (916) 123-45-67") == "+79161234567"
    assert app.phone(None) is None
    with pytest.raises(UsageError):
        app.phone("12")
