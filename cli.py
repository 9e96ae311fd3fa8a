"""The command line: one thin function a command. Data on stdout, the rest on stderr; an error is one line, exit 1."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import TyperException

from models.errors import KhazriError
from models.text import printable

if TYPE_CHECKING:
    from models.config import Config

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: drawing boxes doubled the time of --help
    help="Watches the world's news about AzerTelecom and the Trans-Caspian fibre-optic cable.",
    epilog="--config FILE, --now TIME and -v may stand before or after any command.",
)
db_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The database's schema.")
config_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="config.yaml and what it includes.")
sources_app = typer.Typer(rich_markup_mode=None, help="Every source and its state; `probe` looks for new ones.")
app.add_typer(db_app, name="db")
app.add_typer(sources_app, name="sources")
app.add_typer(config_app, name="config")

INTERRUPTED = 130  # the shell's own code for Ctrl-C
GLOBAL_OPTIONS = ("--config", "--now")  # taken wherever they stand, see main()
_given: dict[str, Any] = {}


def say(message: str) -> None:
    """To the person: stderr, so that stdout stays data. What others wrote in it neither colours nor moves anything."""
    print("\n".join(map(printable, message.split("\n"))), file=sys.stderr)


def parse_time(text: str, option: str) -> datetime:
    """An aware time from ISO text; a day alone is its first moment in UTC. Raises KhazriError."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise KhazriError(f"{option} '{text}' is no time; for example 2026-03-23T06:00:00Z") from error
    if value.tzinfo is None and len(text) > len("2026-03-23"):
        raise KhazriError(f"{option} '{text}' needs a zone, for example {text}+04:00")
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def parse_day(text: str | None, option: str) -> date | None:
    """A calendar day YYYY-MM-DD. Raises KhazriError."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise KhazriError(f"{option} '{text}' is no day; for example 2026-03-23") from error


def mail_time(text: str, config: Config) -> datetime:
    """The time of a mail: a day is that day's digest.at in the reports' zone; a full time is itself. Raises
    KhazriError."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return parse_time(text, "--date")
    return datetime.combine(day, time.fromisoformat(config.digest.at), config.zone).astimezone(UTC)


def load() -> Config:
    """The config of --config or KHAZRI_CONFIG or ./config.yaml, with the clock of --now. Raises ConfigError."""
    from models.config import load_config

    config = load_config(_given.get("config"))
    return replace(config, now=parse_time(_given["now"], "--now")) if _given.get("now") else config


class OneLine(logging.Formatter):
    """A record is one line whatever a page put into it, so that nobody's title can pass for a line of ours, and shows
    no colours or cursor moves of others. The lines of a traceback stay lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:
        return "\n".join(f"  {printable(line)}" for line in super().formatException(ei).split("\n"))


@app.callback()
def options(
    config: Annotated[str | None, typer.Option(help="The config file; else KHAZRI_CONFIG, else config.yaml.")] = None,
    now: Annotated[str | None, typer.Option(help="A fixed clock, for example 2026-03-23T06:00:00Z.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on stderr.")] = False,
) -> None:
    _given.update(config=config, now=now)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, handlers=[handler])
    if not verbose:
        for name in ("scrapy", "twisted", "trafilatura", "htmldate", "apscheduler"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # their warnings are our outcomes


@app.command()
def crawl(
    sources: Annotated[list[str] | None, typer.Argument(help="Source ids; none for all enabled.")] = None,
) -> None:
    """Poll sources and fetch what is new. Example: khazri crawl trend_en apa_az"""
    from jobs import chosen_sources, crawl_now, open_store, writing_clock

    config = load()
    now = writing_clock(config)
    chosen = chosen_sources(config, sources or [])
    result = crawl_now(config, open_store(config), chosen, now, named=bool(sources))
    for line in crawl_lines(result):
        print(line)
    if result.no_network:
        say(f"no network: 0 of {len(result.counts)} sources reachable; nothing lost")


def crawl_lines(result: Any) -> list[str]:
    """One line a source: result, counts, outcomes; columns aligned for a person, split by tabs for a program."""
    lines = []
    for count in result.counts:
        outcomes = ", ".join(f"{n} {name}" for name, n in sorted(count.outcomes.items())) or "-"
        reason = f" ({count.reason})" if count.reason else ""
        fields = (count.source, f"{count.result}{reason}", f"{count.seen} seen, {count.new} new", outcomes)
        lines.append("\t".join(map(printable, fields)))
    return lines


@app.command()
def tag(
    everything: Annotated[bool, typer.Option("--all", help="Read all articles again, not only the due ones.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Store nothing: show what one of the following finds in the archive.")
    ] = False,
    entity: Annotated[str | None, typer.Option(help="With --dry-run: an entity of the configuration.")] = None,
    topic: Annotated[str | None, typer.Option(help="With --dry-run: a topic of the configuration.")] = None,
    query: Annotated[str | None, typer.Option(help="With --dry-run: a query; see docs/write-a-query.md.")] = None,
) -> None:
    """Read what is due: who is meant, what it is about. Example: khazri tag --dry-run --entity bakcell"""
    from jobs import open_store, read_now, writing_clock

    config = load()
    if dry_run or entity or topic or query:
        show_dry_run(config, dry_run and not everything, entity, topic, query)
        return
    now = writing_clock(config)
    done = read_now(config, open_store(config), now, again=everything)
    say(f"{done.read} articles read, {done.added} facts added, {done.closed} closed, {done.left} still due")


def show_dry_run(config: Config, asked: bool, entity: str | None, topic: str | None, query: str | None) -> None:
    """What `tag --dry-run` prints. Raises KhazriError where it does not say what to try."""
    from jobs import open_store
    from jobs.trying import as_text, try_entity, try_query, try_topic

    chosen = [(one, given) for one, given in ((try_entity, entity), (try_topic, topic), (try_query, query)) if given]
    if not asked or len(chosen) != 1:
        raise KhazriError("say --dry-run with one of --entity ID, --topic ID and --query QUERY, and nothing else")
    ((attempt, given),) = chosen
    for line in as_text(attempt(config, open_store(config), given)):
        print(printable(line))


@app.command()
def report(
    name: Annotated[str, typer.Argument(help="Which report; see the list below.")],
    first: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD, included.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day, YYYY-MM-DD, included.")] = None,
    topic: Annotated[list[str] | None, typer.Option(help="Only articles on this topic.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="primary or passing; both when not given.")] = None,
    entity: Annotated[list[str] | None, typer.Option(help="Only this entity.")] = None,
    outlet: Annotated[list[str] | None, typer.Option(help="Only this outlet.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="Only this language, two letters.")] = None,
    by: Annotated[str, typer.Option(help="day, week or month, for trends.")] = "month",
    as_of: Annotated[str | None, typer.Option("--as-of", help="As the store stood at this time.")] = None,
    form: Annotated[str, typer.Option("--format", help="csv or json.")] = "csv",
    out: Annotated[Path | None, typer.Option("-o", "--output", help="A file; stdout when not given.")] = None,
) -> None:
    """Write a report. Example: khazri report trends --topic trans_caspian_cable --by week -o trends.csv"""
    import reports
    from jobs import open_store
    from jobs.exporting import save

    config = load()
    query = reports.ReportQuery(
        first=parse_day(first, "--from"), last=parse_day(last, "--to"), topics=tuple(topic or ()),
        roles=tuple(role or ()), entities=tuple(entity or ()), outlets=tuple(outlet or ()),
        languages=tuple(language or ()), as_of=parse_time(as_of, "--as-of") if as_of else None, by=by,  # type: ignore[arg-type]
    )  # fmt: skip
    table = reports.run(name, query, open_store(config).engine, config)
    save(table, form, out)
    for note in table.notes:
        say(note)


@app.command()
def digest(
    day: Annotated[
        str | None, typer.Option("--date", help="The day of the mail, as it is at digest.at; now when not given.")
    ] = None,
    preview: Annotated[Path | None, typer.Option(help="Write HTML, text and .eml here; sends nothing.")] = None,
    send: Annotated[bool, typer.Option("--send", help="Send to every reader, once a day.")] = False,
) -> None:
    """The morning mail. Example: khazri digest --preview /tmp/mail"""
    from jobs import clock, open_store, writing_clock
    from jobs.digests import preview_all, send_all

    config = load()
    if bool(preview) == send:
        raise KhazriError("say either --preview DIR or --send")
    at = clock(config) if day is None else mail_time(day, config)
    if send:
        at = writing_clock(config, at)
    store = open_store(config)
    for line in preview_all(config, store, at, preview) if preview else send_all(config, store, at):
        say(line)


@sources_app.callback(invoke_without_command=True)
def sources(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
    coverage: Annotated[bool, typer.Option("--coverage", help="Which channels see which articles.")] = False,
    against: Annotated[
        Path | None, typer.Option(help="With --coverage: a list of addresses; which channel would cover each.")
    ] = None,
) -> None:
    """Every source and its state. Examples: khazri sources; khazri sources probe https://report.az"""
    if context.invoked_subcommand is not None:
        return
    from jobs import clock, open_store
    from jobs.sources import as_text, source_rows

    config = load()
    if coverage or against:
        show_coverage(config, against, as_json)
        return
    rows = source_rows(config, open_store(config).engine, clock(config))
    if as_json:
        import json

        print(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        print(as_text(rows))


def show_coverage(config: Config, against: Path | None, as_json: bool) -> None:
    """What `sources --coverage` prints."""
    from jobs import open_store
    from jobs.coverage import against_text, coverage, coverage_against, coverage_text

    engine = open_store(config).engine
    found = coverage_against(config, engine, against) if against else coverage(config, engine)
    if as_json:
        import json

        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        print(against_text(found) if against else coverage_text(found))


@sources_app.command()
def probe(address: Annotated[str, typer.Argument(help="A site or page.")]) -> None:
    """Find a site's feeds and sitemaps and print the config block. Example: khazri sources probe https://report.az"""
    from jobs import clock, open_store
    from jobs.probing import as_block, complaints, probe_site

    config = load()
    now = clock(config)
    seen = probe_site(config, open_store(config), address, now)
    for line in complaints(seen):
        say(line)
    print(as_block(seen, config, now))


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="JSON, JSONL, CSV, WARC or folders of them.")],
    ignore_extra: Annotated[bool, typer.Option("--ignore-extra", help="Leave out fields we do not know.")] = False,
) -> None:
    """Take articles from files. Example: khazri import clippings.csv"""
    from crawler.archives import import_files
    from jobs import open_store, writing_clock

    config = load()
    now = writing_clock(config)
    store = open_store(config)
    store.sync(config, now)
    result = import_files(files, config, store, now=now, ignore_extra=ignore_extra)
    counts = ", ".join(f"{n} {name}" for name, n in sorted(result.outcomes.items())) or "nothing new"
    say(f"{result.rows} rows: {counts}")
    for outlet, number in sorted(result.unlisted.items()):
        say(f"  {outlet}: {number} rows of an outlet that config does not list")
    for remark, number in sorted(result.remarks.items()):
        say(f"  {remark}: {number}")


@app.command()
def inspect(
    file: Annotated[Path | None, typer.Argument(help="A text or HTML file to look at.")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON row a line on stdin, one answer a line.")] = False,
) -> None:
    """Show what reading makes of a text or page, and why. Example: khazri inspect article.txt"""
    from jobs.inspection import inspect_file, inspect_lines, show

    config = load()
    if jsonl:
        for line in inspect_lines(sys.stdin.buffer, config):
            print(line, flush=True)
    elif file is not None:
        from rich.console import Console

        show(inspect_file(file, config), Console(highlight=False))
    else:
        raise KhazriError("say a file, or --jsonl with rows on stdin")


@app.command()
def record(
    page: Annotated[str, typer.Argument(help="An address, or a file with a page.")],
    outlet: Annotated[str | None, typer.Option(help="Whose page it is; else the outlet at its address.")] = None,
    url: Annotated[str, typer.Option(help="Of a file: the address that its bytes came from.")] = "",
    out: Annotated[Path | None, typer.Option("-o", "--output", help="A folder; else recorded/ in var.")] = None,
) -> None:
    """Write a page and what is read from it, to be corrected by hand. Example: khazri record https://report.az/x"""
    from jobs import clock, open_store
    from jobs.recording import is_address
    from jobs.recording import record as record_pair

    config = load()
    store = open_store(config) if is_address(page) else None
    folder = out or config.var / "recorded"
    now = clock(config)
    paths, warnings = record_pair(config, page, outlet_id=outlet, url=url, folder=folder, now=now, store=store)
    for path in paths:
        print(path)
    for warning in warnings:
        say(f"  {warning}")
    say("correct the .json by hand, then the tests compare it; the page belongs to its publisher: do not publish it")


@app.command()
def run() -> None:
    """The whole job once, live: migrate, crawl, read, export, preview the digest. What `make run` does."""
    from jobs.whole import whole_job

    for line in whole_job(load()):
        print(line, flush=True)


@app.command()
def schedule() -> None:
    """Run by the clock until stopped. SIGTERM stops within 2 s and loses nothing."""
    from scheduler import run_forever

    run_forever(load())


@db_app.command()
def upgrade() -> None:
    """Bring the database's schema up to the program's."""
    from models import schema
    from models.store import connect

    engine = connect(load().database)
    before = schema.version(engine)
    schema.upgrade(engine)
    say(f"the database is at {schema.version(engine)} (was {before or 'empty'})")


@config_app.command()
def check() -> None:
    """Check config.yaml and watch/, and run every entity's test sentences."""
    from jobs.checking import check_all

    errors, lints = check_all(_given.get("config"))
    for line in (*errors, *lints):
        say(f"khazri: {line}")
    if errors:
        raise typer.Exit(1)
    say("config: no errors")


@config_app.command()
def show() -> None:
    """Print the effective configuration; secrets are redacted."""
    from models.config import show_config

    print(show_config(load()))


def hoisted(arguments: Sequence[str]) -> list[str]:
    """--config and --now wherever they stand, moved to the front: people write them last. Raises KhazriError."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in GLOBAL_OPTIONS:
            value = next(words, None)
            if value is None:
                raise KhazriError(f"{word} needs a value")
            front += [word, value]
        elif word.startswith(tuple(f"{option}=" for option in GLOBAL_OPTIONS)) or word in ("-v", "--verbose"):
            front.append(word)
        else:
            rest.append(word)
    return front + rest


def run_command() -> int:
    """Run the command of sys.argv; its exit code. Every error of ours is one line and 1; Ctrl-C is one line and 130."""
    try:
        code = app(hoisted(sys.argv[1:]), prog_name="khazri", standalone_mode=False)
        sys.stdout.flush()  # here, where a reader that went away or a full disk can still be told
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # typer's own way with it
            return _unread()
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except TyperException as error:
        return _misused(error)
    except KhazriError as error:
        say(f"khazri: {error}")
        return 1
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        return _unread()
    except OSError as error:
        say(f"khazri: {f'{error.filename}: ' if error.filename else ''}{error.strerror}")
        _drop_output()
        return 1
    if code == INTERRUPTED:  # typer makes this of a KeyboardInterrupt
        say("khazri: stopped; what was stored is safe, the next run completes the rest")
    return code if isinstance(code, int) else 0


def _misused(error: TyperException) -> int:
    """A command line that cannot be understood: one line, with the help that explains it. No arguments: the help."""
    message = error.format_message()
    if "\n" in message:
        say(message)
    else:
        context = getattr(error, "ctx", None)
        say(f"khazri: {message.rstrip('.')}; see: {context.command_path if context else 'khazri'} --help")
    return 1


def _unread() -> int:
    """The reader of our output went away, as `head` does: no error of ours."""
    _drop_output()
    return 0


def _drop_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains of it at the end


def main() -> None:
    """The console script."""
    code = run_command()
    if any(thread.is_alive() and not thread.daemon for thread in threading.enumerate()[1:]):
        # A name look-up that hangs cannot be cancelled, and Python would wait for its thread.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    raise SystemExit(code)
