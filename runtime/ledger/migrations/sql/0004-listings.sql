-- Where the lister's round through a folder goes on, so that a run begins where the last one ended. The registrar has no
-- part in it: from here on it is a member of a group of its own, which may register and nothing else.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ledger_registrar') THEN
    CREATE ROLE ledger_registrar NOLOGIN;
  END IF;
END
$$;
GRANT USAGE ON SCHEMA ledger TO ledger_registrar;

SET LOCAL ROLE ledger_migrator;

GRANT EXECUTE ON FUNCTION ledger.register TO ledger_registrar;

CREATE TABLE ledger.listings (
  bucket text COLLATE "C" NOT NULL,
  folder text COLLATE "C" NOT NULL,
  -- last key and version that were listed; null: the last round is complete, and the next one begins at the front.
  -- Bytes, for a key may hold a NUL, which text cannot.
  key_marker bytea,
  version_id_marker text,
  -- keys of the round under way, or else of the last one, that no row of ledger.files can hold
  refused bigint NOT NULL DEFAULT 0 CHECK (refused >= 0),
  listed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (bucket, folder),
  CHECK ((key_marker IS NULL) = (version_id_marker IS NULL))
);
-- ON CONFLICT DO UPDATE reads what it writes.
GRANT SELECT, INSERT, UPDATE ON ledger.listings TO ledger_lister;
GRANT SELECT ON ledger.listings TO ledger_operator, ledger_maintainer;
