"""A digest as a mail: HTML and plain text, the message, the preview, and one sending of it.

At most once: a delivery is claimed and committed before the relay is asked. What was interrupted between claim and
answer stays `unknown`, is said, and is not sent again; SMTP cannot promise more.
"""

from __future__ import annotations

import hashlib
import re
import smtplib
import ssl
import textwrap
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from models.errors import ReportError
from reports.digest import Digest

TEXT_WIDTH = 76  # columns of the plain text part: what a terminal and a quoted reply can show
RELAY_SECONDS = 30  # how long the relay may take for one answer
PORTS = {"smtp": 587, "smtps": 465}
State = Literal["sent", "refused", "unknown", "had"]


# --- the letter -----------------------------------------------------------------------------------------------------


def _indented(text: str) -> str:
    return textwrap.fill(text, TEXT_WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False)


@cache
def _templates() -> Environment:
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    made = Environment(
        loader=loader, autoescape=select_autoescape(["html"]), undefined=StrictUndefined, keep_trailing_newline=True
    )
    made.filters["indented"] = _indented
    return made


def html(digest: Digest) -> str:
    """The HTML part: styles in the elements, because mail clients drop <style>; it stays for dark mode. Nothing in it
    is loaded from outside."""
    page = _templates().get_template("digest.html").render(digest=digest)
    inliner = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)
    return str(inliner.inline(page))


def text(digest: Digest) -> str:
    """The plain text part."""
    return _templates().get_template("digest.txt").render(digest=digest)


# --- the message ----------------------------------------------------------------------------------------------------


def _address(value: str, what: str) -> str:
    """An address as config gives it. Raises ReportError where it would make a broken or a second header."""
    _, bare = parseaddr(value)
    if not value.isprintable() or not re.fullmatch(r"[^@\s]+@[^@\s]+", bare):
        raise ReportError(f"{value!r} is no mail address ({what})")
    return value


def _message_id(digest: Digest, sender: str) -> str:
    """The same for every try at this reader's mail of this day, so that a relay or client may drop a second one."""
    name = hashlib.sha256(f"{digest.reader.id}\n{digest.day}".encode()).hexdigest()[:24]  # 96 bits: no two alike
    domain = parseaddr(sender)[1].rpartition("@")[2].encode("idna", errors="strict").decode("ascii")
    return f"<digest.{digest.day}.{name}@{domain}>"


def message(digest: Digest, sender: str) -> EmailMessage:
    """The mail. The same digest gives the same bytes: date, id and boundary come from it, not from the clock.

    Raises ReportError for an address that is none.
    """
    sender, to = _address(sender, "digest.sender"), _address(digest.reader.email, f"reader {digest.reader.id}")
    mail = EmailMessage(policy=SMTP)
    try:
        mail["From"] = sender
        mail["To"] = to
        mail["Subject"] = digest.subject
        mail["Message-ID"] = _message_id(digest, sender)
    except (ValueError, MessageError) as error:
        raise ReportError(f"the mail to reader {digest.reader.id} cannot be written: {error}") from error
    mail["Date"] = format_datetime(digest.now)
    mail["Auto-Submitted"] = "auto-generated"  # holiday notes and list software must not answer it
    # quoted-printable: lines stay short and 7 bit, so no relay has a reason to rewrite them
    mail.set_content(text(digest), cte="quoted-printable")
    mail.add_alternative(html(digest), subtype="html", cte="quoted-printable")
    mail["Content-Language"] = "en"  # only now: what is set before moves into the first part
    mail.set_boundary(f"=_khazri_{hashlib.sha256(mail['Message-ID'].encode()).hexdigest()[:32]}")
    return mail


def preview(digest: Digest, sender: str, folder: Path) -> list[Path]:
    """Write digest-<reader>-<day>.html, .txt and .eml. Raises ReportError when the folder cannot be written."""
    reader = re.sub(r"[^\w.-]", "_", digest.reader.id)
    mail = message(digest, sender)
    parts = {"html": html(digest).encode(), "txt": text(digest).encode(), "eml": mail.as_bytes()}
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for ending, body in parts.items():
            path = folder / f"digest-{reader}-{digest.day}.{ending}"
            path.write_bytes(body)
            written.append(path)
    except OSError as error:
        raise ReportError(f"cannot write the preview to {folder}: {error.strerror}") from error
    return written


# --- sending --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail goes out. The password stays out of repr."""

    host: str
    port: int
    tls: bool  # from the first byte (smtps); else STARTTLS where the relay offers it
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one sending ended. `had`: this day's mail went out before. `detail` is for the operator, "" once sent."""

    state: State
    detail: str = ""


def relay(url: str) -> Relay:
    """smtp(s)://user:password@host:port -> Relay. Raises ReportError, which never repeats the address: it may hold a
    password."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        raise ReportError("KHAZRI_SMTP_URL cannot be read; it looks like smtps://user:password@host:465") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise ReportError("KHAZRI_SMTP_URL must look like smtp://host:25 or smtps://user:password@host:465")
    tls = parts.scheme == "smtps"
    return Relay(parts.hostname, port, tls, unquote(parts.username or ""), unquote(parts.password or ""))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return False


def _open(to: Relay) -> smtplib.SMTP:
    """A session that may send. Raises SMTPException, OSError, or ReportError before a password crosses a bare line."""
    secure = ssl.create_default_context()
    with ExitStack() as opening:
        if to.tls:
            session: smtplib.SMTP = smtplib.SMTP_SSL(to.host, to.port, timeout=RELAY_SECONDS, context=secure)
        else:
            session = smtplib.SMTP(to.host, to.port, timeout=RELAY_SECONDS)
        opening.callback(session.close)
        session.ehlo_or_helo_if_needed()
        near = _is_loopback(to.host)  # such a relay rarely has a certificate for its name, and nobody listens
        if not to.tls and not near and session.has_extn("starttls"):
            session.starttls(context=secure)
        _log_in(session, to, safe=near or isinstance(session.sock, ssl.SSLSocket))
        opening.pop_all()
    return session


def _log_in(session: smtplib.SMTP, to: Relay, *, safe: bool) -> None:
    if to.user and not safe:
        raise ReportError("the relay offers no encryption; the password was not sent")
    if to.user:
        session.login(to.user, to.password)


def send(mail: EmailMessage, to: Relay, claim: Callable[[], str | None], mark: Callable[[State, str], None]) -> Outcome:
    """Send one mail at most once.

    claim() -> None when the delivery row (reader, day) is now `claimed` by us and committed; a row in state `refused`
               may be claimed again. Otherwise the state of the row that is in the way.
    mark(state, detail) sets the row's state and commits.
    `refused`: it certainly did not go out and may be tried again. `unknown`: nobody can tell, so it is not.
    """
    found = claim()
    if found == "claimed":
        detail = "an earlier try was interrupted; it may have gone out, so it is not sent again"
        mark("unknown", detail)
        return Outcome("unknown", detail)
    if found == "unknown":
        return Outcome("unknown", "an earlier try may have gone out; it is not sent again")
    if found is not None:
        return Outcome("had", f"already {found}")
    outcome = _hand_over(mail, to)
    mark(outcome.state, outcome.detail)
    return outcome


def _hand_over(mail: EmailMessage, to: Relay) -> Outcome:
    try:
        session = _open(to)
    except (smtplib.SMTPException, OSError, ReportError) as error:
        return Outcome("refused", f"relay {to.host}:{to.port}: {_said(error)}")
    try:
        session.send_message(mail)
    except smtplib.SMTPServerDisconnected as error:
        return Outcome("unknown", f"relay {to.host}:{to.port} hung up: {_said(error)}")
    except smtplib.SMTPException as error:  # the relay's own no
        return Outcome("refused", f"relay {to.host}:{to.port}: {_said(error)}")
    except OSError as error:  # the line went dead; smtplib's errors are OSErrors too, so this comes last
        return Outcome("unknown", f"relay {to.host}:{to.port}: {_said(error)}")
    else:
        with suppress(OSError):  # an answer lost after the mail was taken changes nothing
            session.quit()
        return Outcome("sent")
    finally:
        session.close()


def _said(error: Exception) -> str:
    """What went wrong in one line, without the mail in it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{code} {reason.decode('utf-8', 'replace')}" for code, reason in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        reason = error.smtp_error
        words = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        return f"{error.smtp_code} {' '.join(words.split())}"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
