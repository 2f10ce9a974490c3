-- Group roles without login or password: a login of a job becomes a member of one of them. Roles belong to the whole
-- server, on which another database may have made them already.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['ledger_migrator', 'ledger_lister', 'ledger_batch', 'ledger_operator'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', name);
    END IF;
  END LOOP;
  -- RDS has no superuser: who makes a role there has to make itself a member to act as it.
  IF NOT pg_has_role(CURRENT_USER, 'ledger_migrator', 'SET') THEN
    GRANT ledger_migrator TO CURRENT_USER;
  END IF;
END
$$;

CREATE SCHEMA ledger AUTHORIZATION ledger_migrator;
GRANT USAGE ON SCHEMA ledger TO ledger_lister, ledger_batch, ledger_operator;

GRANT USAGE ON SCHEMA migrations TO ledger_migrator, ledger_operator;
GRANT SELECT, INSERT ON migrations.applied TO ledger_migrator;
GRANT SELECT ON migrations.applied TO ledger_operator;
