"""`khazri config check`: the config's own errors and remarks, and every entity's test sentences."""

from __future__ import annotations

from pathlib import Path

from models.config import Config


def check_all(path: Path | str | None) -> tuple[list[str], list[str]]:
    """(errors, remarks), each one line. A test sentence that fails is an error: the config does not do what it says."""
    from models.config.file import read_config

    checked = read_config(path)
    errors, lints = list(checked.errors), list(checked.lints)
    if checked.config is not None:
        errors += failed_cases(checked.config)
    return errors, lints


def failed_cases(config: Config) -> list[str]:
    """Entity test sentences whose outcome is not the one written."""
    from pipelines.watch import Tagger

    tagger = Tagger(config)
    failed = []
    for case in config.entity_cases():
        found = {m.entity for m in tagger.tag(case.sentence) if not m.ambiguous}
        if (case.entity in found) != case.expected:
            wanted = "must" if case.expected else "must not"
            failed.append(f"entities.{case.entity}.tests: {wanted} match in '{case.sentence}'; found {sorted(found)}")
    return failed
