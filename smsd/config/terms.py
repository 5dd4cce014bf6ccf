"""What the desk is told of the configuration, as values: the same for the command line and for the API."""

from smsd.config.keys import Config
from smsd.config.limits import limit_table
from smsd.config.templates import read_templates
from smsd.desk import Terms
from smsd.desk.alerts import AlertTerms
from smsd.rules.outbox import MessageClass

__all__ = ["alert_terms", "desk_terms"]


def desk_terms(config: Config) -> Terms:
    """Gather what the configuration decides for the desk. Raises ``ConfigError`` for a template that is wrong."""
    return Terms(
        region=config.service.region,
        lifetimes={each: config.messages.expires(each.value) for each in MessageClass},
        apology=config.replies.texts().failed,
        policy=config.number_policy,
        templates=read_templates(config.templates.directory, config.templates.max_parts),
    )


def alert_terms(config: Config) -> AlertTerms:
    """Gather what the configuration decides for alerts."""
    by_name = dict.fromkeys(config.routes, config.service.sender)
    return AlertTerms(
        policy=config.number_policy,
        require_consent=config.alerts.require_consent,
        overriding=config.alerts.override_opt_out,
        lifetime=config.messages.expires("alert"),
        limits=limit_table(config),
        order=config.alert_order,
        senders=by_name | {modem.name: config.service.number for modem in config.modems},
    )
