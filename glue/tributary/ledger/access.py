"""Address and authentication of a job at the ledger; no argument contains a password."""

import itertools
import json
import os
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import boto3

from tributary.errors import TributaryError
from tributary.ledger.connection import Credentials, LedgerSettings
from tributary.running.job import JobArguments

Login = Literal["tributary_lister", "tributary_batch"]

# Certificate authorities of RDS; `runtime/ledger/authorities.ts` reads them, too.
_AUTHORITIES = "rds-authorities.json"
# Value of `ledger_host` that leaves host and port to PGHOST and PGPORT.
_FROM_SURROUNDINGS = "libpq"
_PORT = 5432
# A connection as a secret's user acts as the group of the job's own login.
_GROUPS: dict[Login, str] = {"tributary_lister": "ledger_lister", "tributary_batch": "ledger_batch"}


class LedgerSecretError(TributaryError):
    """Secret of the ledger without name and password."""


@dataclass(frozen=True)
class LedgerArguments(JobArguments):
    """Arguments of every job that works with the ledger.

    `ledger_host` may be `libpq`: as PGHOST says; `ledger_port` 0: as PGPORT says, or 5432. Authentication is
    by a token of IAM, by name and password of a secret, or by the login alone; `ledger_secret_arn` is `none`
    without a secret.
    """

    ledger_host: str
    ledger_port: int
    ledger_database: str
    ledger_authentication: Literal["iam", "secret", "none"]
    ledger_secret_arn: str
    ledger_tls: Literal["verify-full", "require", "disable"]


def ledger_settings(arguments: LedgerArguments, login: Login) -> LedgerSettings:
    """Return the connection settings of a job; tokens and secrets are fetched for each connection."""
    by_secret = arguments.ledger_authentication == "secret"
    return LedgerSettings(
        host=None if arguments.ledger_host == _FROM_SURROUNDINGS else arguments.ledger_host,
        port=arguments.ledger_port or None,
        database=arguments.ledger_database,
        user=login,
        application=login,
        role=_GROUPS[login] if by_secret else None,
        sslmode=arguments.ledger_tls,
        sslrootcert=str(_authorities_file()) if arguments.ledger_tls == "verify-full" else None,
        credentials=_credentials(arguments, login),
    )


def _authorities_file() -> Path:
    """Return a file of the authorities' certificates, for libpq reads none inside the archive."""
    file = Path(_authorities_folder().name) / "rds-authorities.pem"
    if not file.exists():
        authorities = json.loads((files(__package__) / _AUTHORITIES).read_text(encoding="utf-8"))
        certificates = [*itertools.chain(*authorities["regions"].values()), *authorities["proxies"]]
        file.write_text("".join(f"{certificate}\n" for certificate in certificates), encoding="utf-8")
    return file


@cache
def _authorities_folder() -> "TemporaryDirectory[str]":
    """Return the folder of this process, which goes with it."""
    return TemporaryDirectory(prefix=f"tributary-authorities-{os.getpid()}-")


def _credentials(arguments: LedgerArguments, login: Login) -> "partial[Credentials] | None":
    match arguments.ledger_authentication:
        case "iam":
            return partial(_token, arguments.ledger_host, arguments.ledger_port, login)
        case "secret":
            return partial(_secret, arguments.ledger_secret_arn)
        case "none":
            return None


def _token(host: str, port: int, login: str) -> Credentials:
    """Return an IAM authentication token, valid for 15 minutes.

    @see https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.Connecting.html,
    2026-11-29
    """
    given = os.environ.get("PGHOST", "") if host == _FROM_SURROUNDINGS else host
    client = boto3.session.Session().client("rds")
    at = port or int(os.environ.get("PGPORT", _PORT))
    return Credentials(login, client.generate_db_auth_token(DBHostname=given, Port=at, DBUsername=login))


def _secret(arn: str) -> Credentials:
    client = boto3.session.Session().client("secretsmanager")
    text = client.get_secret_value(SecretId=arn).get("SecretString", "")
    try:
        content = json.loads(text)
        user, password = content["username"], content["password"]
    except (ValueError, TypeError, KeyError):
        # the parser's own error would carry the secret along
        user = password = None
    if not user or not password:
        raise LedgerSecretError(f"the secret {arn} has no username and password")
    return Credentials(user, password)
