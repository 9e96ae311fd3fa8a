"""The morning mail: a preview in files, or one sending to each reader, once a day over all processes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from models.config import Config, Reader
from models.deliveries import Deliveries
from models.errors import KhazriError, ReportError
from models.queries import snapshot
from models.store import Store
from reports import digest, mail


def preview_all(config: Config, store: Store, now: datetime, folder: Path) -> list[str]:
    """Write every reader's mail to `folder`; nothing is sent and nobody counts as having had it."""
    lines = []
    for reader in config.digest.readers:
        with snapshot(store.engine) as at:
            built = digest.build(at, config, reader, now)
        written = mail.preview(built, config.digest.sender, folder)
        lines.append(f"{built.subject} -> {', '.join(str(path) for path in written)}")
    return lines


def send_all(config: Config, store: Store, now: datetime) -> list[str]:
    """Send to every reader who has not had today's mail. One reader's trouble does not keep the mail from the next.

    Raises KhazriError when no mail server is configured.
    """
    if not config.smtp_url:
        raise KhazriError("no mail server: set KHAZRI_SMTP_URL, for example smtps://user:password@mail.example:465")
    relay = mail.relay(config.smtp_url)
    deliveries = Deliveries(store)
    today = now.astimezone(config.zone).date().isoformat()
    with snapshot(store.engine) as at:
        lines = [
            f"{name}: the mail of {day} was interrupted; it may have gone out" for name, day in at.interrupted(today)
        ]
    for reader in config.digest.readers:
        try:
            lines.append(_send_one(config, store, relay, deliveries, reader, now))
        except ReportError as error:
            lines.append(f"{reader.id}: not sent ({error})")
    return lines


def _send_one(
    config: Config, store: Store, relay: mail.Relay, deliveries: Deliveries, reader: Reader, now: datetime
) -> str:
    with snapshot(store.engine) as at:
        built = digest.build(at, config, reader, now)
    letter = mail.message(built, config.digest.sender)
    claim = deliveries.claim(reader.id, built.day.isoformat(), str(letter["Message-ID"]), built.articles, now)
    outcome = mail.send(letter, relay, claim.take, claim.mark)
    return f"{reader.id}: {outcome.state}{' (' + outcome.detail + ')' if outcome.detail else ''}"
