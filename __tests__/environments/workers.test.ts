import { describe, expect, test } from "@jest/globals";
import { type EnvironmentsError, WORKER_PROFILES } from "../../environments/schema";
import { parseEnvironment } from "../../environments/schema/environment";
import { workerTypesOf } from "../../runtime/glue-workers";

const MINIMAL = {
  account: "333333333333",
  region: "us-east-1",
  network: { cidr: "10.40.0.0/16", zones: ["a", "b"] },
  budget: { monthlyDollars: 100 },
};

function workersOf(settings: object) {
  const { uploads, manifests, ledger } = parseEnvironment("prod", { ...MINIMAL, ...settings });
  return { uploads: uploads.workers, manifests: manifests.workers, ledger: ledger.batch.workers };
}

function problemsOf(settings: object): readonly string[] {
  try {
    workersOf(settings);
    return [];
  } catch (error) {
    return (error as EnvironmentsError).problems;
  }
}

describe("the workers of a job", () => {
  test("are those of its profile", () => {
    const { uploads, manifests, ledger } = workersOf({
      uploads: { workers: { profile: "flexible" } },
      ledger: { batch: { workers: { profile: "memory-intensive" }, slots: 8 } },
    });
    expect(uploads).toEqual({
      profile: "flexible",
      type: "G.1X",
      number: 5,
      maximum: 10,
      executionClass: "FLEX",
      coresOfTask: 1,
    });
    expect(manifests).toMatchObject({ profile: "streaming", type: "G.1X", number: 2 });
    expect(ledger).toMatchObject({ type: "G.4X", number: 2, maximum: 5, coresOfTask: 2 });
  });

  test("are what the environment says of the profile, and before that what the job's settings say", () => {
    const glue = { profiles: { streaming: { type: "G.025X", number: 3 }, small: { maximum: 7 } } };
    const ledger = { batch: { slots: 24 } };
    const found = workersOf({
      glue,
      ledger,
      manifests: { workers: { number: 4 } },
      uploads: { workers: { type: "G.2X" } },
    });
    expect(found.manifests).toMatchObject({ type: "G.025X", number: 4 });
    expect(found.uploads).toMatchObject({ type: "G.2X", number: 2, maximum: 7 });
  });

  test.each<[string, object, string]>([
    [
      "no profile",
      { uploads: { workers: { profile: "huge" } } },
      'environments/prod.ts: uploads.workers.profile: expected one of small, medium, large, memory-intensive, flexible, streaming, got "huge"',
    ],
    [
      "an override of no profile",
      { glue: { profiles: { smal: { number: 3 } } } },
      'environments/prod.ts: glue.profiles: unknown key "smal"; did you mean "small"?',
    ],
    [
      "an override that no worker is",
      { glue: { profiles: { large: { type: "R.2X" } } } },
      'environments/prod.ts: glue.profiles.large.type: expected one of G.025X, G.1X, G.2X, G.4X, G.8X, got "R.2X"',
    ],
    [
      "more at the start than at most, which the profile says",
      { uploads: { workers: { profile: "medium", number: 11 } } },
      "environments/prod.ts: uploads.workers.maximum: expected at least 11 (uploads.workers.number), got 10",
    ],
    [
      "as many batches as the cores at the start where a profile adds workers",
      { ledger: { batch: { workers: { profile: "memory-intensive" } } } },
      "environments/prod.ts: ledger.batch.slots: expected a number such as 32 (5 workers of 16 cores, the driver left out: for the cores at the start, which 0 means, no worker is ever added), got 0",
    ],
    [
      "more than the operator may ask for, by an override",
      { glue: { profiles: { streaming: { number: 120 } } } },
      "environments/prod.ts: manifests.workers.number: expected at most 100 (of a profile, too: `tributary manifests scale` takes no more), got 120",
    ],
  ])("are refused with %s", (_, settings, problem) => {
    expect(problemsOf(settings)).toEqual([problem]);
  });
});

describe("a profile", () => {
  test.each(Object.entries(WORKER_PROFILES))("%s is one that Glue gives", (name, profile) => {
    const command = name === "streaming" ? "gluestreaming" : "glueetl";
    expect(workerTypesOf(command, profile.executionClass)).toContain(profile.type);
    expect(profile.maximum).toBeGreaterThanOrEqual(profile.number);
  });
});
