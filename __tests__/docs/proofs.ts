/** A file that runs a command, or what it comes to, and the text in it that shows so. */
export interface Proof {
  readonly file: string;
  readonly contains: string;
}

const CI = ".ci/run";
const HERE = "__tests__/docs/commands.slow.test.ts";
const DEPLOYED = "__tests__/end-to-end/deployed-environment.test.ts";
const PIPELINES = "__tests__/end-to-end/pipelines.test.ts";
const START = "__tests__/end-to-end/start.test.ts";
const CHOSEN = "__tests__/end-to-end/chosen-pipelines.test.ts";
const SMOKE = "__tests__/end-to-end/smoke.ts";
const LOOKING = "__tests__/cli/operator/looking.emulator.test.ts";
const ACTING = "__tests__/cli/operator/acting.emulator.test.ts";
const COLUMNS = "__tests__/cli/operator/columns.emulator.test.ts";
const DATASET = "__tests__/cli/operator/dataset/check.slow.test.ts";
const DIFF = "__tests__/cli/operator/dataset/diff.emulator.test.ts";
const OWN_DATA = "__tests__/docs/your-own-data.slow.test.ts";
const LETTERS = "__tests__/cli/operator/dead-letters.emulator.test.ts";
const EXPLAIN = "__tests__/cli/operator/explain.test.ts";
const COSTS = "__tests__/cli/costs/expected.test.ts";
const PAGE = "__tests__/local/outcome/report/page.slow.test.ts";
const IMPORT = "__tests__/cli/state/import-buckets.emulator.test.ts";
const PLAN = "__tests__/cli/plan/command.emulator.test.ts";
const STEPS = "__tests__/workflows/steps.emulator.test.ts";
const QUERY = "__tests__/cli/operator/query/query.emulator.test.ts";
const ADVISE = "__tests__/cli/operator/jobs/advise.emulator.test.ts";
const LEDGER = "__tests__/cli/operator/ledger.emulator.test.ts";

/** Commands that their proof runs word by word. */
function verbatim(file: string, ...commands: readonly string[]): Record<string, Proof> {
  return Object.fromEntries(commands.map((command) => [command, { file, contains: command }]));
}

/** Every command of the docs and how it is proven to work. */
export const PROOFS: Readonly<Record<string, Proof>> = {
  ...verbatim(CI, "npm ci", "npm test"),
  ...verbatim(
    HERE,
    "npm run fix",
    "npm run test:unit",
    "npm run docs",
    "npm run synth -- --environment dev",
    "npx cdktf list",
    "npx jest -u __tests__/stacks/snapshots.test.ts __tests__/stacks/stateful-addresses.test.ts",
    "npm run pin-wheels",
    "npm run bench -- --help",
    "npm run generate -- ndjson --help",
    "npm run try -- customers local/samples/customers/broken-lines.csv",
    "npm run try -- customers local/samples/customers/april.csv",
    "npm run try -- customers local/samples/customers/*.csv --out out",
    "npm run try -- customers local/samples/customers/may.csv --json",
    "npm run try -- ml_events local/samples/ml_events/raw-json-data/2026/week05/events.json",
    "npm run try -- local/samples/events local/samples/events/2026-02-03-broken-lines.ndjson",
    "uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --extra local pyproject.toml -o requirements.lock",
    "uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --extra local --extra dev pyproject.toml -o requirements-dev.lock",
    "uv pip compile --universal --python-version 3.11 --generate-hashes --no-header checkov.in -o checkov.lock",
  ),
  ...verbatim(COSTS, "npx tributary costs --expected --environment prod"),
  ...verbatim(
    DATASET,
    "npx tributary dataset check",
    "npx tributary dataset check customers",
    "npx tributary dataset check local/samples/events --json",
  ),
  "npm run secrets -- plans/summary.md plans/comment.md": {
    file: PLAN,
    contains: "npm run --silent secrets --",
  },
  "npx tributary dataset diff --environment dev": { file: DIFF, contains: 'tributary("dataset", "diff")' },
  "npx tributary dataset diff --environment local": { file: DIFF, contains: 'tributary("dataset", "diff")' },
  // the test runs the commands of the page itself
  ...Object.fromEntries(
    [
      "npx tributary dataset new orders --from orders.csv",
      "npx tributary dataset new orders --from orders.csv --column ordered=date:%d/%m/%Y --owner shop --yes",
      "npx tributary dataset check orders",
      "npm run try -- orders orders.csv --rows 2",
      "npx tributary dataset explain orders orders.csv",
      "mkdir -p my-files/orders",
      "cp orders.csv my-files/orders/",
      'npm start -- --input my-files --query "SELECT country, count(*) AS orders, sum(cost_total) AS total FROM orders GROUP BY country ORDER BY country"',
    ].map((command) => [command, { file: OWN_DATA, contains: "docs/your-own-data.md" }]),
  ),
  ...verbatim(DEPLOYED, "npx tributary doctor --environment dev", "npx cdktf diff dev-network"),
  ...verbatim(
    DEPLOYED,
    "npm run bootstrap -- --environment dev --github OWNER/REPO",
    "npm run bootstrap -- --environment dev --github OWNER/REPO --yes",
    "npm run bootstrap -- --environment dev --remove",
    "npm run bootstrap -- --environment dev --issuer https://gitlab.com --plan-subject 'project_path:GROUP/PROJECT:ref_type:branch:ref:*' --apply-subject 'project_path:GROUP/PROJECT:ref_type:branch:ref:main'",
    "npm run bootstrap -- --environment dev --issuer https://agent.buildkite.com --plan-subject 'organization:ORG:pipeline:PLAN:*' --apply-subject 'organization:ORG:pipeline:DEPLOY:ref:refs/heads/main:*'",
  ),
  // for the environment that the emulator has
  "npm run apply -- --environment prod --plan plans": {
    file: PLAN,
    contains: "apply -- --environment local --plan",
  },
  "npm run apply -- --environment prod --plan plans --yes": { file: PLAN, contains: 'apply("--yes")' },
  "npm run apply -- --environment prod --plan plans --approve 1a2b3c4d5e6f --yes": {
    file: PLAN,
    contains: "apply(`--approve ",
  },
  "npm run state -- list --environment prod": { file: PLAN, contains: 'state("list")' },
  ...Object.fromEntries(
    [
      "unlock --environment prod --stack storage",
      "versions --environment prod --stack storage",
      "restore --environment prod --stack storage --version ID",
      "backup --environment prod --out states",
    ].map((words) => [
      `npm run state -- ${words}`,
      { file: PLAN, contains: words.replace(" --environment prod", "").replace(/ (ID|states)$/, " $") },
    ]),
  ),
  "npm run state -- import --environment prod --bucket NAME --out plans": {
    file: IMPORT,
    contains: '"cli/state.ts", "import"',
  },
  ...verbatim("__tests__/checks/former-release.test.ts", "git fetch --unshallow --tags"),
  ...verbatim(STEPS, "npm run apply -- --environment local --prepare"),
  "npm run apply -- --environment prod --kept": { file: STEPS, contains: "--synthesized cdktf.out --kept" },
  "npm run apply -- --environment prod --kept 20261201T124501337Z --yes": {
    file: STEPS,
    contains: '"apply", "apply what was approved"',
  },
  "npm run plan -- --environment prod --out plans --keep": { file: STEPS, contains: 'plan("--keep")' },
  "npm run plan -- --environment prod --out plans": {
    file: PLAN,
    contains: "plan -- --environment local --out",
  },
  "npm run plan -- --environment prod --stack storage --out plans": {
    file: PLAN,
    contains: "--stack storage",
  },
  "npm run bootstrap -- --environment dev": { file: DEPLOYED, contains: "bootstrap -- --environment dev" },
  // on other files
  "npx tributary withdraw input/customers/2026-01-31.csv --environment local": {
    file: LETTERS,
    contains: '"withdraw", key)',
  },
  "npx tributary withdraw input/customers/2026-01-31.csv --copy --environment local --yes": {
    file: LETTERS,
    contains: '"withdraw", key, "--copy", "--yes")',
  },
  // each with the options of the page, on files of the test
  ...Object.fromEntries(
    [
      "list --dataset customers --environment local",
      "show input/customers/2026-01-31.csv --environment local",
      "export input/customers/2026-01-31.csv --to corrected --environment local",
      "replay corrected/customers.ndjson --environment local",
      "replay corrected/customers.ndjson --environment local --yes",
      "replay --reason bad-value --since 2d --environment local --yes",
    ].map((words) => [
      `npx tributary dead-letters ${words}`,
      { file: LETTERS, contains: `"dead-letters", "${words.split(" ", 1)}"` },
    ]),
  ),
  "npm start": { file: START, contains: "local/start.ts" },
  "npm start -- --keep": { file: START, contains: '"--keep"' },
  // the first stage of npm test
  "npm run check": { file: "cli/test.ts", contains: "cli/check.ts" },
  // on the emulator for the environment that it has, as one step of npm start
  "npm run deploy -- --environment dev": { file: START, contains: "deploy of five stacks" },
  "npm run deploy -- --environment dev --discard": { file: CHOSEN, contains: '"--discard"' },
  "npx tributary manifests stop --environment dev --wait --yes": {
    file: CHOSEN,
    contains: "npx tributary manifests stop --wait --yes",
  },
  "npx tributary manifests stop --environment local --wait --yes": {
    file: CHOSEN,
    contains: "npx tributary manifests stop --wait --yes",
  },
  // on the emulator for the environment that it has
  "npm run destroy -- --environment dev": { file: PIPELINES, contains: '"cli/destroy.ts"' },
  "npm run destroy -- --environment dev --state-bucket": {
    file: PIPELINES,
    contains: 'destroyed("--state-bucket"',
  },
  "npx tributary smoke --environment dev": { file: SMOKE, contains: '"tributary", "smoke", "--environment"' },
  "npx tributary smoke --environment dev --yes": { file: SMOKE, contains: 'smoke(variables, "--yes")' },
  "npm run picture -- .tributary/runs/<run>/report.html": { file: PAGE, contains: '"picture", "--"' },
  "npm run try -- <name> FILE": { file: HERE, contains: "npm run try -- suppliers" },
  "npm run fuzz -- --minutes 15": { file: HERE, contains: "npm run fuzz -- --minutes" },
  // fewer of them
  "npm run generate -- ndjson --count 300 --size 3.5MB --seed 1 --dirty 0.01 --out DIR": {
    file: HERE,
    contains: "--size 3.5MB --seed 1 --dirty 0.01 --out",
  },
  "npm start -- --input DIR": { file: START, contains: '"--input"' },
  // with fewer rows
  "npm run bench -- csv": { file: HERE, contains: "bench -- csv --rows" },
  "npm run bench -- csv --rows 100000 --runs 1": { file: HERE, contains: "bench -- csv --rows" },
  // fewer rows
  "npm run bench -- claims": {
    file: "__tests__/docs/claims-bench.slow.test.ts",
    contains: "bench -- claims",
  },
  "npm run bench -- claims --finished 1000000 --workers 4 --json": {
    file: "__tests__/docs/claims-bench.slow.test.ts",
    contains: "--json",
  },
  // fewer files, and without Spark's minutes
  "npm run bench -- ledger": {
    file: "__tests__/docs/ledger-bench.slow.test.ts",
    contains: "bench -- ledger",
  },
  "npm run bench -- ledger --files 1000 --runs 3 --without-spark --json": {
    file: "__tests__/docs/ledger-bench.slow.test.ts",
    contains: "--without-spark --json",
  },
  // fewer keys
  "npm run bench -- lister": {
    file: "__tests__/docs/lister-bench.slow.test.ts",
    contains: "bench -- lister",
  },
  "npm run migrate": {
    file: "__tests__/runtime/ledger/migrations/migrate.slow.test.ts",
    contains: '"migrate"',
  },
  // fewer files
  "npm run bench -- manifests-builder": {
    file: "__tests__/docs/manifests-builder-bench.slow.test.ts",
    contains: "bench -- manifests-builder --files",
  },
  "npm run bench -- manifests-builder --files 200000 --latency 20 --json": {
    file: "__tests__/docs/manifests-builder-bench.slow.test.ts",
    contains: "--latency 1 --json",
  },
  // smaller, and one shape or two
  "npm run bench -- manifests": { file: HERE, contains: "bench -- manifests --megabytes 7" },
  "npm run bench -- manifests --megabytes 100 --slots 1 --without-spark --json": {
    file: HERE,
    contains: "--slots 2 --without-spark --json",
  },
  "npm run bench -- ndjson": { file: HERE, contains: "bench -- ndjson --megabytes 1" },
  "npm run bench -- ndjson --shapes nested --cores 1": { file: HERE, contains: "--shapes nested" },
  "npm run bench -- ndjson --engines text,duckdb --runs 1 --megabytes 20 --json": {
    file: HERE,
    contains: "--json",
  },
  "npm run bench -- csv --big --json": { file: HERE, contains: "--big 1 --json" },
  "npx tributary --help": { file: HERE, contains: '"npx tributary --help"' },
  "npx tributary doctor --environment local": {
    file: PIPELINES,
    contains: '"doctor", "--environment", "local"',
  },
  // the environment by its variable, and with files of the test's own
  "npx tributary status --environment local": { file: LOOKING, contains: 'tributary("status")' },
  "npx tributary reprocess input/clicks/2026-01-31-a.ndjson --environment local": {
    file: ACTING,
    contains: 'tributary("reprocess", file.key)',
  },
  "npx tributary manifests reprocess --date 2026-01-31 --dataset clicks --environment local --yes": {
    file: ACTING,
    contains: '"--dataset", "clicks", "--yes"',
  },
  "npx tributary reprocess --status failed --environment local --yes": {
    file: LEDGER,
    contains: '["--status", "failed", "--pipeline", "ledger", "--yes"]',
  },
  "npx tributary files --status failed --environment local": {
    file: LOOKING,
    contains: '"files", "--status", "failed"',
  },
  "npx tributary describe input/clicks/2026-01-31-a.ndjson --environment local": {
    file: LOOKING,
    contains: '["a key", "input/clicks/2026-01-31-a.ndjson"]',
  },
  "npx tributary logs --pipeline manifests --since 1h --filter ERROR --environment local": {
    file: LOOKING,
    contains: 'tributary("logs", "--pipeline", "uploads")',
  },
  "npx tributary quarantine list --environment local": {
    file: LEDGER,
    contains: '"quarantine", "list", "--pipeline", "ledger"',
  },
  "npx tributary quarantine retry raw-json-data/2026/week05/a.json --environment local": {
    file: LEDGER,
    contains: '["quarantine", "retry", keyOf(2)]',
  },
  // of one job
  "npx tributary jobs advise --environment local": { file: ADVISE, contains: '"jobs", "advise", "--job"' },
  // on a table of the test's own
  "npx tributary query 'SELECT status, count(*) AS customers FROM customers GROUP BY status' --environment local":
    {
      file: QUERY,
      contains: 'tributary("query", ALL)',
    },
  "npx tributary columns --environment local": { file: COLUMNS, contains: 'tributary("columns")' },
  "npx tributary columns --dataset clicks --environment local": {
    file: COLUMNS,
    contains: 'tributary("columns", "--dataset", "clicks"',
  },
  "npx tributary columns drop --dataset clicks --column foo bar --environment local": {
    file: COLUMNS,
    contains: 'drop("page", "left_over")',
  },
  "npx tributary columns drop --dataset clicks --column foo bar --environment local --yes": {
    file: COLUMNS,
    contains: "yes: true }",
  },
  "npx tributary ledger status --environment local": { file: LEDGER, contains: '["ledger", "status"]' },
  "npx tributary ledger files --status failed --environment local": {
    file: LEDGER,
    contains: '"ledger", "files", "--status", "pending"',
  },
  "npx tributary ledger batch 17 --environment local": { file: LEDGER, contains: '["ledger", "batch", ' },
  "npx tributary ledger release 17 --environment local": { file: LEDGER, contains: '"ledger", "release", ' },
  "npx tributary ledger retry raw-json-data/2026/week05/a.json --environment local": {
    file: LEDGER,
    contains: '"ledger", "retry", keyOf(1)',
  },
  "npx tributary ledger requeue --status failed --since 2h --environment local": {
    file: LEDGER,
    contains: '"ledger", "requeue", "--status", "failed", "--since", "2h"',
  },
  "npx tributary ledger vacuum-check --environment local": {
    file: LEDGER,
    contains: '"ledger", "vacuum-check"',
  },
  "npx tributary explain too-many-rejected": { file: EXPLAIN, contains: '"too-many-rejected"' },
  "npx tributary explain tributary-prod-ledger-silent": {
    file: EXPLAIN,
    contains: '"tributary-prod-ledger-silent"',
  },
  'npx tributary explain "An error occurred (AccessDenied) when calling the PutObject operation"': {
    file: EXPLAIN,
    contains: '"An error occurred (AccessDenied) when calling',
  },
  // other dates
  "npx tributary ledger replay --from 2026-01-01 --to 2026-02-01 --environment local": {
    file: LEDGER,
    contains: "const dry = await tributary(words)",
  },
  "npx tributary ledger replay --from 2026-01-01 --to 2026-02-01 --environment local --yes": {
    file: LEDGER,
    contains: '"replay", "--from", ',
  },
  "npx tributary redrive --environment local --yes": {
    file: ACTING,
    contains: 'tributary("redrive", "--queue", "manifests-inputs", "--yes"',
  },
};
