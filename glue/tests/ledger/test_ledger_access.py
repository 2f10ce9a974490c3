"""How a job finds the ledger and proves who it is."""

import json
import subprocess
import sys
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import tributary
from tests.support.ledger import Books
from tributary.ledger.access import LedgerArguments, LedgerSecretError, ledger_settings
from tributary.ledger.connection import LedgerConnection
from tributary.running.arguments import describe_arguments, read_arguments

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:ledger"
SECRET = {"username": "admin", "password": "from the secret"}


def arguments(**given: Any) -> LedgerArguments:
    usual = {
        "aws_region": "eu-central-1",
        "ledger_host": "ledger.example",
        "ledger_port": 5433,
        "ledger_database": "tributary",
        "ledger_authentication": "none",
        "ledger_secret_arn": "none",
        "ledger_tls": "disable",
    }
    return LedgerArguments(**usual | given)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> mock.Mock:
    """Every AWS client."""
    result = mock.Mock()
    monkeypatch.setattr("boto3.session.Session", lambda: mock.Mock(client=result.of))
    result.of.side_effect = lambda name: getattr(result, name)
    return result


def test_reads_the_arguments_of_a_job() -> None:
    given = arguments(ledger_host="libpq", ledger_port=0, ledger_tls="require")
    words = [f"--{name}={value}" for name, value in asdict(given).items()]
    assert read_arguments(LedgerArguments, words) == given
    assert all(argument["required"] for argument in describe_arguments(LedgerArguments))


def test_asks_for_a_new_token_for_each_connection(client: mock.Mock) -> None:
    client.rds.generate_db_auth_token.side_effect = ["first", "second"]
    settings = ledger_settings(arguments(ledger_authentication="iam"), "tributary_batch")
    assert [settings.parameters()["password"] for _ in range(2)] == ["first", "second"]
    parameters = {"DBHostname": "ledger.example", "Port": 5433, "DBUsername": "tributary_batch"}
    assert client.rds.generate_db_auth_token.call_args_list == [mock.call(**parameters)] * 2


@pytest.mark.parametrize(("variables", "port"), [({}, 5432), ({"PGPORT": "5555"}, 5555)])
def test_signs_tokens_for_the_host_of_the_surroundings(
    client: mock.Mock, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], port: int
) -> None:
    for name, value in ({"PGHOST": "there"} | variables).items():
        monkeypatch.setenv(name, value)
    given = arguments(ledger_host="libpq", ledger_port=0, ledger_authentication="iam")
    parameters = ledger_settings(given, "tributary_lister").parameters()
    assert not {"host", "port"} & set(parameters)
    signed = mock.call(DBHostname="there", Port=port, DBUsername="tributary_lister")
    assert client.rds.generate_db_auth_token.call_args == signed


@pytest.mark.parametrize(
    ("login", "role"), [("tributary_batch", "ledger_batch"), ("tributary_lister", "ledger_lister")]
)
def test_connects_as_a_secrets_user_in_the_role_of_the_job(client: mock.Mock, login: Any, role: str) -> None:
    client.secretsmanager.get_secret_value.return_value = {"SecretString": json.dumps(SECRET)}
    given = arguments(ledger_authentication="secret", ledger_secret_arn=ARN)
    parameters = ledger_settings(given, login).parameters()
    assert (parameters["user"], parameters["password"]) == ("admin", "from the secret")
    assert f"-c role={role}" in parameters["options"]
    assert client.secretsmanager.get_secret_value.call_args == mock.call(SecretId=ARN)


@pytest.mark.parametrize(
    "content",
    ["{}", '{"username": "admin"}', '{"username": "", "password": "x"}', "null", '"admin"', "hunter2"],
)
def test_refuses_a_secret_without_name_and_password(client: mock.Mock, content: str) -> None:
    client.secretsmanager.get_secret_value.return_value = {"SecretString": content}
    settings = ledger_settings(arguments(ledger_authentication="secret"), "tributary_batch")
    with pytest.raises(LedgerSecretError, match="has no username and password") as raised:
        settings.parameters()
    assert raised.value.__context__ is None


_SHOW = """
import ssl, sys
from tributary.ledger.access import LedgerArguments, ledger_settings
arguments = LedgerArguments("us-east-1", "host", 5432, "db", "none", "none", "verify-full")
parameters = ledger_settings(arguments, "tributary_batch").parameters()
context = ssl.create_default_context(cafile=parameters["sslrootcert"])
names = [dict(pair[0] for pair in each["subject"])["commonName"] for each in context.get_ca_certs()]
print(parameters["sslmode"], *sorted(name.split()[2] for name in names if name.startswith("Amazon RDS ")))
"""


def test_checks_the_server_by_the_authorities_inside_the_packages_archive(tmp_path: Path) -> None:
    package = Path(tributary.__file__).parent
    with zipfile.ZipFile(tmp_path / "tributary.zip", "w") as archive:
        for file in package.rglob("*"):
            if file.suffix in {".py", ".json"}:
                archive.write(file, f"tributary/{file.relative_to(package)}")
    # as on Glue: the archive on the path, and a working folder with nothing in it
    (tmp_path / "folder").mkdir()
    environment = {"PYTHONPATH": str(tmp_path / "tributary.zip"), "TMPDIR": str(tmp_path / "folder")}
    command = [sys.executable, "-P", "-c", _SHOW]
    shown = subprocess.run(command, cwd=tmp_path / "folder", env=environment, check=True, capture_output=True)
    mode, *regions = shown.stdout.decode().split()
    assert mode == "verify-full"
    assert {"us-east-1", "il-central-1", "mx-central-1"} <= set(regions)
    assert len(regions) == 3 * len(set(regions))
    assert list((tmp_path / "folder").iterdir()) == []


def test_reads_no_authorities_where_the_server_shows_no_certificate() -> None:
    assert "sslrootcert" not in ledger_settings(arguments(), "tributary_batch").parameters()


@pytest.mark.parametrize("login", ["tributary_batch", "tributary_lister"])
def test_connects_by_libpqs_variables(books: Books, monkeypatch: pytest.MonkeyPatch, login: Any) -> None:
    for name in ("PGHOST", "PGPORT"):
        monkeypatch.setenv(name, books.server.variables[name])
    given = arguments(ledger_host="libpq", ledger_port=0)
    with LedgerConnection(ledger_settings(given, login)) as ledger:
        row = ledger.once(
            lambda connection: connection.execute(
                "SELECT current_user, current_setting('application_name')"
            ).fetchone()
        )
    assert row == (login, login)
