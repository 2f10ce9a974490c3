import { describe, expect, test } from "@jest/globals";
import { clockCheck } from "../../../../cli/operator/doctor/machine/clock";
import { diskCheck } from "../../../../cli/operator/doctor/machine/disk";
import { THIS_MACHINE } from "../../../../cli/operator/doctor/machine/machine";
import {
  nodeCheck,
  providerCheck,
  pythonCheck,
  terraformCheck,
} from "../../../../cli/operator/doctor/machine/tools";
import { SetUpError } from "../../../../setup/errors";
import { type Given, look } from "./examined";

function skewed(aheadMilliseconds: number): Given {
  return { caller: async () => ({ account: "111122223333", arn: "arn", aheadMilliseconds }) };
}

const nothing = (): undefined => undefined;

function mirrorWithout(): string {
  throw new SetUpError("TRIBUTARY_PROVIDER_MIRROR names /y, which lacks it; unset the variable");
}

const BY_NTP = "set the clock of this machine by NTP";

describe("the machine", () => {
  test.each([
    ["Node.js of today", nodeCheck, {}, { status: "ok", message: "22.11.0" }],
    ["the oldest Node.js", nodeCheck, { machine: { node: "20.9.0" } }, { status: "ok", message: "20.9.0" }],
    [
      "an older Node.js",
      nodeCheck,
      { machine: { node: "20.8.9" } },
      { status: "failure", message: "20.8.9 is too old", wayOut: "install Node.js 20.9 or later" },
    ],
    ["a Python", pythonCheck, {}, { status: "ok", message: "3.11.7, /usr/bin/python3" }],
    [
      "no Python",
      pythonCheck,
      {
        machine: {
          python: async () => {
            throw new SetUpError("no Python of 3.11 (found: a is 3.9; b is 3.8); install one");
          },
        },
      },
      {
        status: "failure",
        message: "no Python of 3.11 (found: a is 3.9; b is 3.8)",
        wayOut: "install one",
      },
    ],
    ["a Terraform", terraformCheck, {}, { status: "ok", message: "/usr/bin/terraform" }],
    [
      "a Terraform that is too old, where another is downloaded",
      terraformCheck,
      { machine: { terraform: async () => ({ unfit: ["/x/terraform is 1.5.0"], downloads: "1.11.4" }) } },
      { status: "ok", message: "/x/terraform is 1.5.0; the first deploy downloads 1.11.4" },
    ],
    [
      "no Terraform, where none is downloaded",
      terraformCheck,
      { machine: { terraform: async () => ({ unfit: [] }) } },
      {
        status: "failure",
        message: "none that fits (none on PATH)",
        wayOut: "install Terraform 1.11 or later, and put it on PATH",
      },
    ],
    ["a provider", providerCheck, {}, { status: "ok", message: "/mirror" }],
    [
      "no provider yet",
      providerCheck,
      { machine: { provider: nothing } },
      { status: "ok", message: "none yet; the first deploy downloads it" },
    ],
    [
      "a named mirror without the provider",
      providerCheck,
      {
        machine: {
          provider: mirrorWithout,
        },
      },
      {
        status: "failure",
        message: "TRIBUTARY_PROVIDER_MIRROR names /y, which lacks it",
        wayOut: "unset the variable",
      },
    ],
    ["an empty disk", diskCheck, {}, { status: "ok", message: "1.00 TB free for /somewhere" }],
    [
      "little space",
      diskCheck,
      { machine: { freeBytes: async () => 3e9 } },
      {
        status: "warning",
        message: "3.00 GB free for /somewhere",
        wayOut: "free some space: a deploy takes 2.00 GB, with tests 5.00 GB",
      },
    ],
    [
      "hardly any space",
      diskCheck,
      { machine: { freeBytes: async () => 1e9 } },
      { status: "failure", message: "1.00 GB free for /somewhere", wayOut: expect.anything() },
    ],
    ["a clock that is set", clockCheck, skewed(30_000), { status: "ok", message: "as AWS's" }],
    [
      "a clock that is behind",
      clockCheck,
      skewed(120_000),
      { status: "warning", message: "2 min 0 s behind AWS's", wayOut: BY_NTP },
    ],
    [
      "a clock with which AWS refuses signatures",
      clockCheck,
      skewed(-3_600_000),
      { status: "failure", message: "1 h 0 min ahead of AWS's", wayOut: BY_NTP },
    ],
  ] as const)("with %s", async (_, check, given, finding) => {
    expect(await look(check, given as Given)).toEqual([finding]);
  });

  test("is looked at as it is", async () => {
    expect(await THIS_MACHINE.freeBytes("/no/such/folder")).toBeGreaterThan(0);
    expect((await THIS_MACHINE.terraform()).unfit).toBeInstanceOf(Array);
    expect(await look(nodeCheck, { machine: { node: THIS_MACHINE.node } })).toEqual([
      { status: "ok", message: process.versions.node },
    ]);
  });
});
