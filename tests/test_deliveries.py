"""Who has had which mail: claimed before the relay is asked, and never sent twice."""

from __future__ import annotations

import dataclasses
import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from crawler.archives import import_files
from jobs import read_now
from jobs.digests import preview_all, send_all
from models.config import Config, Digest, Reader, load_config
from models.deliveries import Deliveries
from models.errors import KhazriError
from models.store import Store
from models.tables import DeliveryArticle, DeliveryRow

pytestmark = pytest.mark.slow  # each test builds a reader

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 3, 23, 4, tzinfo=UTC)
ROW = {
    "url": "http://caspianwire.example/x",
    "title": "AzerTelecom lands the cable",
    "text": "AzerTelecom landed the Trans-Caspian fibre-optic cable.",
    "published": "2026-03-23T07:00:00+04:00",
    "language": "en",
}


class Inbox:
    """A real SMTP server's handler that keeps what it was given."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.letters.append(envelope.content)
        return "250 OK"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    readers = (
        Reader("board", "board@reader.example"),
        Reader("bad", "no address"),
        Reader("desk", "desk@reader.example"),
    )
    digest = Digest("08:00", readers, "khazri@reader.example")
    return dataclasses.replace(load_config(ROOT / "demo" / "config.yaml"), digest=digest, var=tmp_path)


@pytest.fixture
def filled(store: Store, config: Config, tmp_path: Path) -> Store:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([ROW]), "utf-8")
    store.sync(config, NOW)
    import_files([path], config, store, now=NOW)
    read_now(config, store, NOW)
    return store


def states(store: Store) -> dict[str, str]:
    with store.engine.connect() as conn:
        return {row.reader: row.state for row in conn.execute(select(DeliveryRow.reader, DeliveryRow.state))}


def test_each_reader_gets_one_mail_a_day_and_a_bad_address_keeps_it_from_nobody(filled: Store, config: Config) -> None:
    inbox = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(inbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        config = dataclasses.replace(config, smtp_url=f"smtp://127.0.0.1:{port}")
        lines = send_all(config, filled, NOW)
        assert [line.split(" ")[0] + line.split(" ")[1] for line in lines] == ["board:sent", "bad:not", "desk:sent"]
        assert len(inbox.letters) == 2
        assert states(filled) == {"board": "sent", "desk": "sent"}
        assert send_all(config, filled, NOW + timedelta(hours=1))[0] == "board: had (already sent)"
        assert len(inbox.letters) == 2
    finally:
        server.stop()


def test_a_relay_that_is_not_there_refuses_and_may_be_asked_again(filled: Store, config: Config) -> None:
    config = dataclasses.replace(config, smtp_url="smtp://127.0.0.1:1")
    assert "refused" in send_all(config, filled, NOW)[0]
    assert states(filled)["board"] == "refused"
    assert "refused" in send_all(config, filled, NOW)[0]


def test_without_a_mail_server_it_says_what_to_set(filled: Store, config: Config) -> None:
    with pytest.raises(KhazriError, match="KHAZRI_SMTP_URL"):
        send_all(config, filled, NOW)


def test_second_to_come_marks_nothing(store: Store) -> None:
    first = Deliveries(store).claim("board", "2026-03-23", "<1@x>", (), NOW)
    second = Deliveries(store).claim("board", "2026-03-23", "<1@x>", (), NOW)
    assert first.take() is None
    assert second.take() == "claimed"
    first.mark("sent", "")
    second.mark("unknown", "an earlier try was interrupted")
    assert states(store) == {"board": "sent"}


def test_a_preview_delivers_nothing(filled: Store, config: Config, tmp_path: Path) -> None:
    config = dataclasses.replace(config, digest=dataclasses.replace(config.digest, readers=config.digest.readers[:1]))
    assert len(preview_all(config, filled, NOW, tmp_path / "mail")) == 1
    assert len(list((tmp_path / "mail").iterdir())) == 3
    assert states(filled) == {}
    with filled.engine.connect() as conn:
        assert conn.execute(select(DeliveryArticle.article_id)).all() == []
