import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  CreateDatabaseCommand,
  CreateJobCommand,
  DeleteJobCommand,
  GetDatabaseCommand,
  GetJobCommand,
  GetJobRunsCommand,
  GetJobsCommand,
  GetTagsCommand,
  ListJobsCommand,
  StartJobRunCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateJobCommand,
} from "@aws-sdk/client-glue";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createJob, startTestPlatform, type TestPlatform } from "../platform";
import { answersToStrangers, send, signed } from "../strangers";

const ARN = "arn:aws:glue:us-east-1:000000000000:job/full";
/** One of each field that Terraform's aws_glue_job reads back. */
const FULL = {
  Name: "full",
  Description: "every field",
  Role: "arn:aws:iam::000000000000:role/job",
  Command: { Name: "glueetl", ScriptLocation: "s3://artifacts/full.py", PythonVersion: "3" },
  DefaultArguments: { "--engine": "pool" },
  NonOverridableArguments: { "--fixed": "1" },
  ExecutionProperty: { MaxConcurrentRuns: 3 },
  ExecutionClass: "STANDARD" as const,
  NotificationProperty: { NotifyDelayAfter: 5 },
  MaxRetries: 2,
  Timeout: 60,
  GlueVersion: "5.0",
  WorkerType: "G.1X" as const,
  NumberOfWorkers: 2,
  SecurityConfiguration: "encrypted",
  MaintenanceWindow: "Sun:1",
};

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform();
  await platform.glue.send(new CreateJobCommand({ ...FULL, Tags: { owner: "data", tier: "raw" } }));
});
afterAll(() => platform.stop());

describe("job definitions", () => {
  test("keep every field that was given", async () => {
    const { Job } = await platform.glue.send(new GetJobCommand({ JobName: "full" }));
    expect(Job).toMatchObject(FULL);
    expect(Job?.CreatedOn).toBeInstanceOf(Date);
    expect(Job).not.toHaveProperty("Tags");
  });

  test("get Glue's defaults for what was not given", async () => {
    const { Name: _, Timeout: __, ExecutionProperty: ___, MaxRetries: ____, ...rest } = FULL;
    await platform.glue.send(new CreateJobCommand({ ...rest, Name: "plain" }));
    const { Job } = await platform.glue.send(new GetJobCommand({ JobName: "plain" }));
    expect(Job).toMatchObject({ MaxRetries: 0, Timeout: 480, ExecutionProperty: { MaxConcurrentRuns: 1 } });
    await platform.glue.send(new DeleteJobCommand({ JobName: "plain" }));
  });

  test("may last less than seven days, and their runs no longer", async () => {
    const weekly = { ...FULL, Name: "weekly", Timeout: 10_080 };
    const message = "Timeout must be less than 10080 minutes.";
    await expect(platform.glue.send(new CreateJobCommand(weekly))).rejects.toThrow(message);
    const start = new StartJobRunCommand({ JobName: "full", Timeout: 10_080 });
    await expect(platform.glue.send(start)).rejects.toThrow(message);
    const { Name } = await platform.glue.send(new CreateJobCommand({ ...weekly, Timeout: 10_079 }));
    await platform.glue.send(new DeleteJobCommand({ JobName: Name }));
  });

  test("are replaced whole by an update, their name and creation excepted", async () => {
    await platform.glue.send(new CreateJobCommand({ ...FULL, Name: "changing" }));
    const { Job: before } = await platform.glue.send(new GetJobCommand({ JobName: "changing" }));
    const JobUpdate = { Role: FULL.Role, Command: FULL.Command, Timeout: 5 };
    await platform.glue.send(new UpdateJobCommand({ JobName: "changing", JobUpdate }));
    const { Job: after } = await platform.glue.send(new GetJobCommand({ JobName: "changing" }));
    expect(after).toMatchObject({ Name: "changing", Timeout: 5, CreatedOn: before?.CreatedOn });
    expect(after).not.toHaveProperty("Description");
    await platform.glue.send(new DeleteJobCommand({ JobName: "changing" }));
  });

  test("are listed, page by page", async () => {
    await platform.glue.send(new CreateJobCommand({ ...FULL, Name: "second" }));
    const first = await platform.glue.send(new GetJobsCommand({ MaxResults: 1 }));
    const second = await platform.glue.send(
      new GetJobsCommand({ MaxResults: 1, NextToken: first.NextToken }),
    );
    expect([first, second].flatMap(({ Jobs = [] }) => Jobs.map((job) => job.Name))).toEqual([
      "full",
      "second",
    ]);
    expect(second.NextToken).toBeUndefined();
    await platform.glue.send(new DeleteJobCommand({ JobName: "second" }));
    const { JobNames } = await platform.glue.send(new ListJobsCommand({ Tags: { owner: "data" } }));
    expect(JobNames).toEqual(["full"]);
  });

  test.each([
    ["a second job of the same name", () => new CreateJobCommand(FULL), "AlreadyExistsException"],
    [
      "a job without a role",
      () => new CreateJobCommand({ ...FULL, Name: "x", Role: "" }),
      "InvalidInputException",
    ],
    [
      "a worker type beside a capacity",
      () => new CreateJobCommand({ ...FULL, Name: "x", MaxCapacity: 2 }),
      "InvalidInputException",
    ],
    ["an unknown job", () => new GetJobCommand({ JobName: "none" }), "EntityNotFoundException"],
    [
      "an update of an unknown job",
      () => new UpdateJobCommand({ JobName: "none", JobUpdate: {} }),
      "EntityNotFoundException",
    ],
  ] as const)("refuse %s", async (_, command, name) => {
    await expect(platform.glue.send(command() as GetJobCommand)).rejects.toMatchObject({ name });
  });

  test("may be deleted although there is none", async () => {
    await expect(platform.glue.send(new DeleteJobCommand({ JobName: "none" }))).resolves.toMatchObject({
      JobName: "none",
    });
  });
});

describe("tags of jobs", () => {
  test("are kept from the creation, added and removed", async () => {
    await platform.glue.send(
      new TagResourceCommand({ ResourceArn: ARN, TagsToAdd: { tier: "clean", new: "1" } }),
    );
    await platform.glue.send(new UntagResourceCommand({ ResourceArn: ARN, TagsToRemove: ["new"] }));
    const { Tags } = await platform.glue.send(new GetTagsCommand({ ResourceArn: ARN }));
    expect(Tags).toEqual({ owner: "data", tier: "clean" });
  });

  test("of an unknown job are refused", async () => {
    const unknown = new GetTagsCommand({ ResourceArn: ARN.replace("full", "none") });
    await expect(platform.glue.send(unknown)).rejects.toMatchObject({ name: "EntityNotFoundException" });
  });
});

describe("other Glue calls", () => {
  test("reach the emulator and bring its answers and errors", async () => {
    await platform.glue.send(
      new CreateDatabaseCommand({ DatabaseInput: { Name: "lake" }, Tags: { owner: "data" } }),
    );
    const { Database } = await platform.glue.send(new GetDatabaseCommand({ Name: "lake" }));
    expect(Database?.Name).toBe("lake");
    const tags = new GetTagsCommand({ ResourceArn: "arn:aws:glue:us-east-1:000000000000:database/lake" });
    await expect(platform.glue.send(tags)).resolves.toMatchObject({ Tags: { owner: "data" } });
    await expect(platform.glue.send(new GetDatabaseCommand({ Name: "none" }))).rejects.toMatchObject({
      name: "EntityNotFoundException",
    });
  });
});

describe("strangers", () => {
  const start = {
    method: "POST",
    path: "/",
    headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": "AWSGlue.StartJobRun" },
    body: JSON.stringify({ JobName: "coveted" }),
  } as const;
  const runs = async () => (await platform.glue.send(new GetJobRunsCommand({ JobName: "coveted" }))).JobRuns;
  beforeAll(() => createJob(platform, "coveted", "print('started')"));

  test("are refused, pages and neighbours, and start nothing", async () => {
    const answers = await answersToStrangers(platform.runner.endpoint, start, "glue");
    expect(answers).toEqual(Object.fromEntries(Object.keys(answers).map((who) => [who, "refused"])));
    expect(await runs()).toEqual([]);
  });

  test("cannot name a server of their own that would let them", async () => {
    const theirs = createServer((_, response) => response.end("{}")).listen(0, "127.0.0.1");
    await once(theirs, "listening");
    const { port } = theirs.address() as AddressInfo;
    const statuses = [];
    for (const path of [`http://127.0.0.1:${port}/`, `//127.0.0.1:${port}/`]) {
      statuses.push((await send(platform.runner.endpoint, { ...start, path })).status);
    }
    theirs.close();
    expect(statuses).toEqual([400, 400]);
    expect(await runs()).toEqual([]);
  });

  test("cannot call where the emulator answers everybody", async () => {
    const headers = { ...start.headers, "content-length": String(start.body.length) };
    for (const path of ["/_ministack/health", "/_ministack/health?"]) {
      const answer = await send(platform.runner.endpoint, { ...start, method: "GET", path, headers });
      expect(answer.text).toContain('"version"');
    }
    expect(await runs()).toEqual([]);
  });

  test("fill no memory: their bodies are held up to a limit of all", async () => {
    const body = "0".repeat(2 ** 26 + 1);
    for (const _ of [1, 2]) {
      expect((await send(platform.runner.endpoint, { ...start, body })).status).toBe(413);
    }
    expect(await runs()).toEqual([]);
  });

  test("start what they want once they have the secret", async () => {
    const { endpoint } = platform.runner;
    const { status } = await send(endpoint, await signed(endpoint, start, { service: "glue" }));
    expect(status).toBe(200);
    expect(await runs()).toHaveLength(1);
  });
});
