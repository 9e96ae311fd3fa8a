"""The morning mail: a preview in files, or one sending to each reader, once a day over all processes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from crawler.health import STATES, Health
from jobs.sources import healths
from models.config import Config, Reader
from models.deliveries import Deliveries
from models.errors import KhazriError, ReportError
from models.queries import snapshot
from models.store import Store, shown_name
from reports import digest, mail

UNASKED = ("never_polled", "waiting")  # no fault, and yet a reader must know that nobody listens there


def preview_all(config: Config, store: Store, now: datetime, folder: Path) -> list[str]:
    """Write every reader's mail to `folder`; nothing is sent and nobody counts as having had it."""
    lines = []
    ill = troubles(config, store, now)
    for reader in config.digest.readers:
        with snapshot(store.engine) as at:
            built = digest.build(at, config, reader, now, ill)
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
    ill = troubles(config, store, now)
    for reader in config.digest.readers:
        try:
            lines.append(_send_one(config, store, relay, deliveries, reader, now, ill))
        except ReportError as error:
            lines.append(f"{reader.id}: not sent ({error})")
    return lines


def troubles(config: Config, store: Store, now: datetime) -> list[digest.Trouble]:
    """The enabled sources that are not well, for the mail's footer, the worst first. Raises StoreError."""
    found = healths(config, store.engine, now)
    told = [source for source in config.sources if found[source.id].alarm or found[source.id].state in UNASKED]
    told.sort(key=lambda source: STATES.index(found[source.id].state))
    return [
        digest.Trouble(source.id, shown_name(config.outlets[source.outlet].name), _why(one), _since(one, config, now))
        for source in told
        for one in (found[source.id],)
    ]


def _why(health: Health) -> str:
    state = health.state.replace("_", " ")
    return health.why if health.state in UNASKED else f"{state}: {health.why}"


def _since(health: Health, config: Config, now: datetime) -> str:
    if health.since is None:
        return ""
    day = health.since.astimezone(config.zone).date()
    year = "" if day.year == now.astimezone(config.zone).year else f" {day.year}"
    return f"since {day.day} {digest.MONTHS[day.month - 1]}{year}"


def _send_one(
    config: Config, store: Store, relay: mail.Relay, deliveries: Deliveries, reader: Reader, now: datetime,
    ill: Sequence[digest.Trouble],
) -> str:  # fmt: skip
    with snapshot(store.engine) as at:
        built = digest.build(at, config, reader, now, ill)
    letter = mail.message(built, config.digest.sender)
    claim = deliveries.claim(reader.id, built.day.isoformat(), str(letter["Message-ID"]), built.articles, now)
    outcome = mail.send(letter, relay, claim.take, claim.mark)
    return f"{reader.id}: {outcome.state}{' (' + outcome.detail + ')' if outcome.detail else ''}"
