"""`make demo`: the whole job on the demo newsroom, through the same commands an operator uses, and a check of the end.

The first time it crawls edition 1 of the newsroom and then edition 2; later runs find edition 2 again and must get 304s
and store nothing new. The clock is fixed, so the output is the same on any day. Imports nothing of the product.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml
from newsroom import Newsroom

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var" / "demo"
DATABASE = VAR / "khazri.db"
FIRST_DONE = VAR / "both-editions-crawled"  # the first part came to its end
KHAZRI = Path(sys.executable).parent / "khazri"
CLOCKS = {1: "2026-03-22T18:00:00Z", 2: "2026-03-23T06:00:00Z"}
LATER = "2026-03-23T07:00:00Z"  # every run after the first two editions
INTERRUPTED = 130  # the shell's own code for Ctrl-C
STOP_SECONDS = 5  # an interrupted command ends in order within 2 s; a busy machine gets twice that
Outcomes = dict[str, tuple[str, Counter[str]]]  # source -> (result, outcomes of its items)


def khazri(proxy: str, *arguments: str) -> str:
    """Run one command; its stdout. Its stderr goes to ours; a failure ends the demo with the command's own line."""
    # No KHAZRI_* of the person's own may decide what the demo does.
    env = {key: value for key, value in os.environ.items() if not key.startswith("KHAZRI_")} | {"KHAZRI_PROXY": proxy}
    command = [str(KHAZRI), "--config", str(ROOT / "demo" / "config.yaml"), *arguments]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        try:
            output, _ = process.communicate()
        except KeyboardInterrupt:
            wait_for_end(process)
            raise
    if process.returncode == INTERRUPTED:  # a signal may reach the command before it reaches us
        raise KeyboardInterrupt
    if process.returncode != 0:
        raise SystemExit(f"the demo stopped at: khazri {' '.join(arguments)}")
    return output


def wait_for_end(process: subprocess.Popen[str]) -> None:
    """Ctrl-C went to the command too, which ends in order; one that does not is killed."""
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def clear_half_made() -> None:
    """A first part that was interrupted left a half-filled store, which no list of answers fits: start it anew."""
    if DATABASE.exists() and not FIRST_DONE.exists():
        print("The first part of the demo was interrupted last time: starting it anew.", flush=True)
        for file in VAR.glob(f"{DATABASE.name}*"):  # SQLite's -wal and -shm too
            file.unlink()


def crawl(proxy: str, now: str) -> Outcomes:
    """Poll every source once and read what came; result and outcomes by source."""
    outcomes: Outcomes = {}
    for line in khazri(proxy, "crawl", "--now", now).splitlines():
        source, result, _, items = line.split("\t")
        counted = Counter[str]()
        for part in items.split(", ") if items != "-" else []:
            number, name = part.split(" ", 1)
            counted[name] = int(number)
        outcomes[source] = (result.split(" ")[0], counted)
    khazri(proxy, "tag", "--now", now)
    return outcomes


def wanted_outcomes(answers: Mapping[str, Any], edition: int) -> Outcomes:
    """What answers.yaml says of a run; of an article listed by two sources the first one has it `new`."""
    wanted: Outcomes = {}
    claimed: set[str] = set()
    for source, said in answers["editions"][edition]["sources"].items():
        counted = Counter[str]()
        for outcome, addresses in said.get("items", {}).items():
            for address in addresses:
                name = outcome
                if outcome == "new_or_known":
                    name = "known" if address in claimed else "new"
                    claimed.add(address)
                counted[name] += 1
        wanted[source] = (said["result"], counted)
    return wanted


def compare_outcomes(edition: int, have: Outcomes, wanted: Outcomes) -> Iterator[str]:
    for source in sorted(have.keys() | wanted.keys()):
        want, got = wanted.get(source), have.get(source)
        if want != got:
            yield f"edition {edition}, source {source}: expected {shown(want)}, got {shown(got)}"


def shown(one: tuple[str, Counter[str]] | None) -> str:
    if one is None:
        return "nothing"
    result, outcomes = one
    return f"{result} ({', '.join(f'{n} {name}' for name, n in sorted(outcomes.items())) or 'no tries'})"


def rows(proxy: str, report: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(khazri(proxy, "report", report, "--format", "json", "--now", LATER))
    return found


def compare_articles(
    answers: Mapping[str, Any], articles: list[dict[str, Any]], mentions: list[dict[str, Any]]
) -> Iterator[str]:
    """Both ways: every article of the answers is there and says the same, and there is no other."""
    types = set(answers["checked_types"])
    have = {row["url"]: row for row in articles}
    named: dict[str, set[str]] = {}
    for row in mentions:
        if row["entity_type"] in types:
            named.setdefault(row["url"], set()).add(row["entity"])
    for url in sorted(have.keys() - answers["articles"].keys()):
        yield f"an article too many: {url}"
    for url, said in answers["articles"].items():
        if url not in have:
            yield f"missing: {url}"
            continue
        yield from (f"{url}: {line}" for line in compare_article(answers, said, have[url], named.get(url, set())))


def compare_article(
    answers: Mapping[str, Any], said: Mapping[str, Any], row: Mapping[str, Any], named: set[str]
) -> Iterator[str]:
    title = said.get("title_2") or said["title"]
    for key, wanted in (("outlet", said["outlet"]), ("language", said["language"]), ("title", title)):
        if row[key] != wanted:
            yield f"{key}: expected {wanted!r}, got {row[key]!r}"
    have_date = (row["day"] or "", row["time"] or "")
    if have_date != baku_time(said["published"]):
        yield f"published: expected {baku_time(said['published'])}, got {have_date}"
    for topic, role in said["topics"].items():
        if roles(row).get(topic, "none") != role:
            yield f"topic {topic}: expected {role}, got {row['topics']}"
    families = {member: family for family, members in answers["families"].items() for member in members}
    wanted_names = {families.get(name, name) for name in said["entities"]}
    have_names = {families.get(name, name) for name in named}
    if wanted_names != have_names:
        missing, extra = sorted(wanted_names - have_names), sorted(have_names - wanted_names)
        yield f"entities: missing {missing}, extra {extra}"
    known = {one["outlet"] for one in answers["articles"].values()}
    cited = {name for name in (row["attribution"] or "").split("; ") if name in known}  # others are names as written
    if set(said["attribution"]) != cited:
        yield f"attribution: expected {said['attribution']}, got {sorted(cited)}"


def baku_time(published: Mapping[str, str] | None) -> tuple[str, str]:
    """(day, time) as a report shows it: in Baku time, a date known only to the day unshifted, undated as such."""
    if not published:
        return "undated", ""
    value = datetime.fromisoformat(published["value"].replace("Z", "+00:00"))
    if published["precision"] != "minute":
        return value.strftime("%Y-%m-%d"), ""
    local = value.astimezone(timezone(timedelta(hours=4)))
    return local.strftime("%Y-%m-%d"), local.strftime("%H:%M")


def roles(row: Mapping[str, Any]) -> dict[str, str]:
    """Topic -> role, from a report's cell such as `azertelecom primary 3.00; …`."""
    return {part.split(" ")[0]: part.split(" ")[1] for part in (row["topics"] or "").split("; ") if part}


def write_files(proxy: str) -> list[Path]:
    files = []
    for report, options in (("mentions", []), ("articles", []), ("trends", ["--by", "week"])):
        path = VAR / f"{report}.csv"
        khazri(proxy, "report", report, *options, "--now", LATER, "-o", str(path))
        files.append(path)
    khazri(proxy, "digest", "--preview", str(VAR / "digest"), "--now", CLOCKS[2])
    return files + sorted((VAR / "digest").iterdir())


def tell(outcomes: Outcomes, articles: list[dict[str, Any]], mentions: list[dict[str, Any]]) -> None:
    """What came of it, for a person: sources, topics, who is mentioned most."""
    print(f"\n{'source':<18} {'result':<12} items")
    for source, (result, items) in outcomes.items():
        print(f"{source:<18} {result:<12} {', '.join(f'{n} {name}' for name, n in sorted(items.items())) or '-'}")
    print(f"\n{len(articles)} articles, {len(mentions)} mentions of watched names")
    for topic in ("azertelecom", "trans_caspian_cable"):
        count = Counter(roles(row).get(topic, "none") for row in articles)
        print(f"  {topic}: {count['primary']} primary, {count['passing']} passing, {count['none']} not about it")
    print(
        "  most named: "
        + ", ".join(f"{name} {n}" for name, n in Counter(r["entity_name"] for r in mentions).most_common(6))
    )


def check_later(outcomes: Outcomes) -> Iterator[str]:
    """A later run finds what it knows: nothing new, and every healthy source unchanged."""
    for source, (result, items) in outcomes.items():
        if result == "ok" or any(items[name] for name in ("new", "changed")):
            yield f"a later run, source {source}: expected nothing new, got {shown((result, items))}"


def play() -> int:
    VAR.mkdir(parents=True, exist_ok=True)
    answers = yaml.safe_load((ROOT / "demo" / "answers.yaml").read_text(encoding="utf-8"))
    clear_half_made()
    wrong: list[str] = []
    outcomes: Outcomes = {}
    with Newsroom(edition=1) as newsroom:
        proxy = newsroom.address
        khazri(proxy, "db", "upgrade")
        if FIRST_DONE.exists():
            newsroom.edition = 2
            print("Crawling edition 2 of the demo newsroom again …", flush=True)
            outcomes = crawl(proxy, LATER)
            wrong += check_later(outcomes)
        else:
            for edition, now in CLOCKS.items():
                newsroom.edition = edition
                print(f"Crawling edition {edition} of the demo newsroom ({now}) …", flush=True)
                outcomes = crawl(proxy, now)
                wrong += compare_outcomes(edition, outcomes, wanted_outcomes(answers, edition))
            FIRST_DONE.touch()
        asked = Counter(seen.status for seen in newsroom.log)
        articles, mentions = rows(proxy, "articles"), rows(proxy, "mentions")
        wrong += compare_articles(answers, articles, mentions)
        files = write_files(proxy)
    tell(outcomes, articles, mentions)
    print(f"  the newsroom answered {sum(asked.values())} requests, {asked[304]} of them 304 (not modified)")
    print("\nWritten:", *(f"  {file.relative_to(ROOT)}" for file in files), sep="\n")
    for line in wrong:
        print(f"DIFFERS  {line}")
    print(f"\n{'FAILED' if wrong else 'OK'}: {len(wrong)} differences from demo/answers.yaml")
    return 1 if wrong else 0


def main() -> int:
    try:
        return play()
    except KeyboardInterrupt:
        print("demo: stopped; `make demo` does the rest", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    raise SystemExit(main())
