"""What the gateway is told of the configuration, as values."""

from datetime import timedelta

from smsd.config import Config
from smsd.gateway import Settings
from smsd.rules.outbox import MessageClass

__all__ = ["gateway_settings"]


def gateway_settings(config: Config) -> Settings:
    """Gather what the configuration decides for the gateway."""
    return Settings(
        replies=config.replies.texts(),
        region=config.service.region,
        commands_per_hour=config.limits.commands_per_hour,
        lenient_commands=config.service.lenient_commands,
        incomplete=config.messages.incomplete,
        request_deadline=config.directory.deadline,
        lifetimes={each: config.messages.expires(each.value) for each in MessageClass},
        order=config.route_order,
        by_class={each: order for each in MessageClass if (order := getattr(config.routing.by_class, each.value))},
        fallback_after=timedelta(seconds=config.routing.fallback_after_seconds),
        fallback_prefix=config.routing.fallback_prefix,
        keep=config.retention.keep(),
    )
