"""What each login may do in the ledger, and nothing more."""

import psycopg
import pytest

from tests.support.ledger import Books, names
from tributary.ledger.claims import ClaimRules

RULES = ClaimRules(files=10, lease_seconds=3600)
REGISTER = "SELECT ledger.register('{raw}', '{a}', '{1}', '{1}', '{now}', '{a}')"

_READABLE = {
    "tributary_lister": {"listings"},
    "tributary_registrar": set[str](),
    "tributary_batch": {
        *("files", "queue", "batches", "outcomes", "file_errors", "whole_scan", "dataset_versions"),
    },
    # until it acts as one of its roles
    "tributary_operator": set[str](),
}
_WRITABLE = {
    "tributary_lister": {"INSERT listings", "UPDATE listings"},
    "tributary_registrar": set[str](),
    "tributary_batch": {
        *("INSERT batches", "INSERT outcomes", "DELETE queue", "INSERT dataset_versions"),
        *("INSERT file_errors", "UPDATE file_errors"),
    },
    "tributary_operator": set[str](),
    "ledger_operator": set[str](),
    "ledger_maintainer": {"DELETE outcomes", "INSERT queue"},
}
_TABLES = (
    "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND relkind = 'r'"
)
_PRIVILEGES = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")


def run(books: Books, login: str, *statements: str) -> None:
    """Run statements in one transaction of a session of that login."""
    settings = books.server.settings().parameters() | {"user": login}
    with psycopg.connect(**settings) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize("login", sorted(_READABLE))
def test_lets_a_login_read_what_it_needs(books: Books, login: str) -> None:
    readable = "SELECT has_table_privilege(%s, %s, 'SELECT')"
    tables = [name for (name,) in books.rows(_TABLES)]
    found = {name for name in tables if books.rows(readable, login, name) == [(True,)]}
    assert found == {f"ledger.{name}" for name in _READABLE[login]}


@pytest.mark.parametrize("role", sorted(_WRITABLE))
def test_lets_a_login_write_what_it_needs(books: Books, role: str) -> None:
    writable = "SELECT has_table_privilege(%s, %s, %s)"
    found = {
        f"{privilege} {name.removeprefix('ledger.')}"
        for (name,) in books.rows(_TABLES)
        for privilege in _PRIVILEGES
        if books.rows(writable, role, name, privilege) == [(True,)]
    }
    assert found == _WRITABLE[role]


@pytest.mark.parametrize(
    ("login", "statement"),
    [
        ("tributary_lister", "SELECT FROM ledger.queue"),
        ("tributary_lister", "INSERT INTO ledger.queue VALUES (1, now(), 1)"),
        ("tributary_lister", "SELECT FROM ledger.batches"),
        ("tributary_lister", "DELETE FROM ledger.listings"),
        ("tributary_lister", "SET ROLE ledger_batch"),
        ("tributary_registrar", "SELECT FROM ledger.files"),
        ("tributary_registrar", "SELECT FROM ledger.listings"),
        ("tributary_registrar", "SET ROLE ledger_lister"),
        ("tributary_batch", REGISTER),
        ("tributary_batch", "SELECT FROM ledger.listings"),
        ("tributary_batch", "INSERT INTO ledger.queue VALUES (1, now(), 1)"),
        ("tributary_batch", "INSERT INTO ledger.files DEFAULT VALUES"),
        ("tributary_batch", "UPDATE ledger.files SET size = 0"),
        ("tributary_batch", "DELETE FROM ledger.outcomes"),
        ("tributary_batch", "UPDATE ledger.outcomes SET outcome = 'SUCCEEDED'"),
        ("tributary_batch", "DELETE FROM ledger.batches"),
        ("tributary_batch", "UPDATE ledger.batches SET replays = 1"),
        ("tributary_batch", "UPDATE ledger.dataset_versions SET transform = ''"),
        ("tributary_batch", "DELETE FROM migrations.applied"),
        ("tributary_batch", "CREATE TABLE ledger.other ()"),
        ("tributary_operator", "SELECT FROM ledger.files"),
        ("tributary_operator", "SET ROLE ledger_batch"),
        ("tributary_operator", "SET ROLE ledger_migrator"),
        ("tributary_operator", "SET ROLE ledger_operator; DELETE FROM ledger.queue"),
        ("tributary_operator", "SET ROLE ledger_operator; UPDATE ledger.batches SET token = 0"),
        ("tributary_operator", f"SET ROLE ledger_operator; {REGISTER}"),
        ("tributary_operator", "SET ROLE ledger_operator; DELETE FROM ledger.listings"),
        ("tributary_operator", "SET ROLE ledger_maintainer; DELETE FROM ledger.listings"),
        ("tributary_operator", "SET ROLE ledger_maintainer; UPDATE ledger.batches SET file_ids = '{}'"),
        ("tributary_operator", "SET ROLE ledger_maintainer; DELETE FROM ledger.batches"),
        ("tributary_operator", "SET ROLE ledger_maintainer; DELETE FROM ledger.queue"),
        (
            "tributary_operator",
            "SET ROLE ledger_maintainer; INSERT INTO ledger.outcomes VALUES (1, 1, 'PARTIAL')",
        ),
        ("tributary_operator", "SET ROLE ledger_maintainer; UPDATE ledger.files SET size = 0"),
        ("postgres", "SET ROLE ledger_migrator; CREATE TABLE public.other ()"),
        ("postgres", "SET ROLE ledger_migrator; DELETE FROM migrations.applied"),
    ],
)
def test_refuses_a_login_what_is_not_its(books: Books, login: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(books, login, *statement.split("; "))


def test_lets_lister_and_registrar_register(books: Books) -> None:
    run(books, "tributary_lister", REGISTER)
    run(books, "tributary_registrar", REGISTER.replace("{a}", "{b}"))
    assert books.statuses() == {"PENDING": 2}


def test_keeps_functions_of_the_caller_out_of_a_registration(books: Books) -> None:
    run(
        books,
        "tributary_lister",
        "CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz'",
        "SET search_path = pg_temp, pg_catalog",
        REGISTER,
    )
    assert books.statuses() == {"PENDING": 1}


def test_shows_the_operator_everything(books: Books) -> None:
    books.register(names(1))
    books.archived(RULES, [])
    readable = "relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'v')"
    tables = books.rows(f"SELECT oid::regclass::text FROM pg_class WHERE {readable}")
    assert len(tables) == 9
    for role in ("ledger_operator", "ledger_maintainer"):
        run(books, "tributary_operator", f"SET ROLE {role}", *(f"TABLE {name}" for (name,) in tables))


def test_shows_the_operator_transactions_of_others(books: Books) -> None:
    seen = "SELECT 1 / count(xact_start) FROM pg_stat_activity WHERE usename = 'postgres'"
    with books.server.superuser() as other, other.transaction():
        other.execute("SELECT FROM ledger.files")
        run(books, "tributary_operator", "SET ROLE ledger_operator", seen)
        with pytest.raises(psycopg.errors.DivisionByZero):
            run(books, "tributary_batch", seen)
