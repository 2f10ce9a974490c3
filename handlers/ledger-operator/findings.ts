import type {
  Finding,
  Holder,
  TableHealth,
  VacuumCheck,
  Wraparound,
} from "../../runtime/ledger/operator-protocol";

/** Age from which a transaction was forgotten, or is somebody's report: a claim or a commit takes seconds. */
const LONG_SECONDS = 900;
/** Delay from which cleaning is late: it begins every minute, and takes minutes. */
const LATE_SECONDS = 3600;
/** Multiple of the dead rows at which cleaning begins. */
const TOO_MANY = 5;
/** Number of dead rows below which nothing is felt. */
const FEW_DEAD_ROWS = 500_000;
/** Number of transactions after which an unread slot is surely forgotten. */
const OLD_SLOT = 10_000_000;
/**
 * Margin of transactions: autovacuum begins to freeze at an age of its own, and is in time with this much
 * more.
 */
const FREEZE_MARGIN = 100_000_000;
const CRITICAL_AGE = 1_500_000_000;

/** Finds what in the server's state needs action, the worst first. */
export function findingsOf(found: Omit<VacuumCheck, "findings">): Finding[] {
  const findings = [
    ...aged(found.wraparound),
    ...found.holders.flatMap(held),
    ...found.tables.flatMap(uncleaned),
    ...(found.seesAllSessions ? [] : [BLIND]),
  ];
  return findings.sort((one, other) => Number(isWarning(one)) - Number(isWarning(other)));
}

const BLIND: Finding = {
  level: "warning",
  what: "transactions of other logins are not seen",
  wayOut: "GRANT pg_read_all_stats TO ledger_operator, as the server's administrator",
};

function isWarning({ level }: Finding): boolean {
  return level === "warning";
}

function aged({ xidAge, multixactAge, freezesFrom, stopsAt }: Wraparound): Finding[] {
  const age = Math.max(xidAge, multixactAge);
  if (age < freezesFrom + FREEZE_MARGIN) return [];
  const left = (stopsAt - age).toLocaleString("en-US");
  return [
    {
      level: age < CRITICAL_AGE ? "warning" : "critical",
      what: `autovacuum does not keep up with freezing: the server stops writing in ${left} transactions`,
      wayOut: "end what holds back cleaning, then VACUUM (FREEZE) the tables with the greatest age",
    },
  ];
}

function held({ kind, name, application, seconds, state, xminAge }: Holder): Finding[] {
  if (kind === "slot") {
    if (state === "active" || (xminAge ?? 0) < OLD_SLOT) return [];
    const what = `replication slot ${name} is not read, and keeps dead rows of ${xminAge} transactions`;
    return [
      { level: "warning", what, wayOut: `SELECT pg_drop_replication_slot('${name}'), if nobody needs it` },
    ];
  }
  if (seconds === null || seconds < LONG_SECONDS) return [];
  const minutes = Math.round(seconds / 60);
  if (kind === "prepared") {
    const what = `prepared transaction ${name} is open for ${minutes} minutes, and keeps dead rows`;
    return [{ level: "warning", what, wayOut: `ROLLBACK PREPARED '${name}', or commit it` }];
  }
  return [
    {
      level: "warning",
      what: `session ${name} (${application || "unnamed"}, ${state}) is in a transaction for ${minutes} minutes, and keeps dead rows`,
      wayOut: `end what runs there, or SELECT pg_terminate_backend(${name})`,
    },
  ];
}

function uncleaned({ table, deadRows, cleanedFrom, secondsSinceVacuum }: TableHealth): Finding[] {
  const isLate = (secondsSinceVacuum ?? Number.POSITIVE_INFINITY) > LATE_SECONDS;
  if (!isLate || deadRows < FEW_DEAD_ROWS || deadRows < TOO_MANY * cleanedFrom) return [];
  const what = `ledger.${table} has ${deadRows.toLocaleString("en-US")} dead rows, and was not vacuumed for an hour`;
  return [{ level: "warning", what, wayOut: `end what holds back cleaning, or VACUUM ledger.${table}` }];
}
