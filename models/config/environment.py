"""KHAZRI_* environment variables, through pydantic-settings; the only door for secrets."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime

from models.config.fields import did_you_mean
from models.errors import ConfigError

PREFIX = "KHAZRI_"
KNOWN = (
    "KHAZRI_CONFIG",  # path of config.yaml
    "KHAZRI_DATABASE",  # SQLAlchemy URL, may hold a password
    "KHAZRI_DATA",  # where the tests find real pages; ignored by the program
    "KHAZRI_NOW",  # a fixed clock, ISO 8601 with an offset
    "KHAZRI_PROXY",  # http proxy for the crawler, may hold a password
    "KHAZRI_SMTP_URL",  # smtp(s)://user:password@host:port
)


@dataclass(frozen=True, slots=True)
class Environment:
    """What the environment says; "" or None where it says nothing. Secrets stay out of repr."""

    config: str = ""
    database: str = field(default="", repr=False)
    proxy: str = field(default="", repr=False)
    smtp_url: str = field(default="", repr=False)
    now: datetime | None = None


def read_environment() -> Environment:
    """Raises ConfigError for a KHAZRI_ variable that nobody knows, and for a clock that is no aware time."""
    names = sorted(name for name in os.environ if name.upper().startswith(PREFIX))
    for name in names:
        if name not in KNOWN:
            raise ConfigError(f"environment: unknown variable {name}{did_you_mean(name, KNOWN)}")
    if not any(name in KNOWN and name != "KHAZRI_DATA" for name in names):
        return Environment()  # the usual case at home: importing pydantic costs 0.4 s CPU
    return _read()


def _read() -> Environment:
    from pydantic import AwareDatetime, SecretStr, ValidationError
    from pydantic_settings import BaseSettings, SettingsConfigDict

    class Settings(BaseSettings):
        model_config = SettingsConfigDict(env_prefix=PREFIX, case_sensitive=False, env_ignore_empty=True)

        config: str = ""
        data: str = ""
        database: SecretStr = SecretStr("")
        proxy: SecretStr = SecretStr("")
        smtp_url: SecretStr = SecretStr("")
        now: AwareDatetime | None = None

    try:
        read = Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]  # the input may be a secret
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigError(f"environment: {name}: {_sentence(str(first['msg']))}") from None
    return Environment(
        config=read.config,
        database=read.database.get_secret_value(),
        proxy=read.proxy.get_secret_value(),
        smtp_url=read.smtp_url.get_secret_value(),
        now=read.now,
    )


def _sentence(message: str) -> str:
    return " ".join(message.split())[:200]
