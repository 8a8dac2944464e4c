"""Sends messages to addresses of Apprise, or to any other `Channel` of the caller."""

import hashlib
import logging
from dataclasses import dataclass
from typing import Protocol

from tasks.monitor.alert_settings import AlertSettings


class NotAccepted(Exception):  # noqa: N818 - a result that is expected
    """A channel did not accept a message; the text is the reason."""


class Channel(Protocol):
    """One recipient of messages."""

    @property
    def name(self) -> str:
        """The name in the state file and in log lines, without secrets."""

    def send(self, subject: str, body: str) -> None:
        """Send a message and return once it was accepted; NotAccepted when it was not."""


@dataclass(frozen=True, slots=True)
class AppriseChannel:
    """One address of Apprise: mail, a chat, a webhook."""

    url: str

    @property
    def name(self) -> str:
        """The kind of address, and a digest that distinguishes addresses of one kind."""
        kind = self.url.partition(":")[0]
        return f"{kind}-{hashlib.sha256(self.url.encode()).hexdigest()[:8]}"

    def send(self, subject: str, body: str) -> None:
        """Send a message and return once it was accepted; NotAccepted when it was not."""
        import apprise  # only here: it takes a while to import

        sender = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Presswatch"))
        sender.add(self.url)
        capture = apprise.LogCapture(level=logging.WARNING, fmt="%(message)s")  # type: ignore[no-untyped-call]
        with capture as printed:
            is_accepted = sender.notify(body, subject, body_format=apprise.NotifyFormat.TEXT)
            lines = printed.getvalue().splitlines()
        if not is_accepted:
            # Apprise leaves user, password and tokens out of its log lines.
            raise NotAccepted(lines[0] if lines else "no reason given")


def channels_of(settings: AlertSettings) -> tuple[Channel, ...]:
    """A channel for each address of alerts.toml."""
    return tuple(AppriseChannel(url) for url in dict.fromkeys(settings.urls))
