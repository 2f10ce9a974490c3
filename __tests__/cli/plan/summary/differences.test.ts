import { describe, expect, test } from "@jest/globals";
import type { Change } from "../../../../cli/plan/plan-json";
import { differencesOf, pathText } from "../../../../cli/plan/summary/differences";
import { hiding } from "../../../../cli/plan/summary/secrets";
import { change, resource } from "./plans";

const told = (of: Change) => {
  const json = { terraform_version: "1.11.4", resource_changes: [resource("aws_x.y", of)] };
  return differencesOf(of, hiding([], json)).map(({ path, before, after }) => [path, before, after]);
};

type Values = Readonly<Record<string, unknown>>;

describe("differencesOf", () => {
  test.each<[string, Values, Values, string[][]]>([
    ["nothing of what stays", { a: 1, b: null }, { a: 1 }, []],
    ["an attribute", { memory: 128, name: "x" }, { memory: 256, name: "x" }, [["memory", "128", "256"]]],
    [
      "what is set and unset",
      { a: "x" },
      { b: "" },
      [
        ["a", "x", "(unset)"],
        ["b", "(unset)", '""'],
      ],
    ],
    [
      "a member",
      { tags: { owner: "a", x: "1" } },
      { tags: { owner: "b", x: "1" } },
      [["tags.owner", "a", "b"]],
    ],
    [
      "elements that come and go, wherever",
      { to: ["a", "b", "c"] },
      { to: ["d", "c", "a"] },
      [
        ["to[]", "b", "(unset)"],
        ["to[]", "(unset)", "d"],
      ],
    ],
    ["one of two equal elements", { to: ["a", "a"] }, { to: ["a"] }, [["to[]", "a", "(unset)"]]],
    [
      "another order",
      { to: ["a", "b"] },
      { to: ["b", "a"] },
      [["to", "2 elements", "the same in another order"]],
    ],
    [
      "a change of the only element",
      { rule: [{ on: true, n: 1 }] },
      { rule: [{ on: false, n: 1 }] },
      [["rule.on", "true", "false"]],
    ],
    [
      "a change of an element with a name",
      {
        rule: [
          { id: "a", days: 1 },
          { id: "b", days: 2 },
        ],
      },
      {
        rule: [
          { id: "b", days: 3 },
          { id: "a", days: 1 },
        ],
      },
      [["rule[id=b].days", "2", "3"]],
    ],
    [
      "a block that comes",
      { vpc: [] },
      { vpc: [{ subnets: ["s"] }] },
      [["vpc[]", "(unset)", '{"subnets":["s"]}']],
    ],
    [
      "a member of a text of JSON",
      { body: '{"a":{"b":1},"c":2}' },
      { body: '{"c":2,"a":{"b":3}}' },
      [["body.a.b", "1", "3"]],
    ],
    ["nothing of JSON that says the same", { body: '{"a":1,"b":2}' }, { body: '{"b":2, "a":1}' }, []],
    ["JSON that becomes none", { body: "{}" }, { body: "none" }, [["body", "{}", "none"]]],
  ])("finds %s", (_, before, after, differences) => {
    expect(told(change(before, after))).toEqual(differences);
  });

  test("says what is known after the apply alone, and what of an element", () => {
    const of = change(
      {
        arn: "old",
        env: [
          { name: "a", value: "x" },
          { name: "b", value: "y" },
        ],
      },
      { env: [{ name: "a", value: "x" }, { name: "b" }] },
      { after_unknown: { arn: true, env: [{}, { value: true }] } },
    );
    expect(told(of)).toEqual([
      ["arn", "old", "(known after apply)"],
      ["env[name=b].value", "y", "(known after apply)"],
    ]);
  });

  test("names what is secret and hides it, there and in every other place", () => {
    const of = change(
      { password: "hush-hush", url: "db://hush-hush@x", env: { key: "abcdef", on: "1" }, list: ["s3cret"] },
      {
        password: "new-secret",
        url: "db://new-secret@x",
        env: { key: "ghijkl", on: "2" },
        list: ["s3cret", "other-one"],
      },
      {
        before_sensitive: { password: true, env: { key: true }, list: [true] },
        after_sensitive: { password: true, env: { key: true }, list: [true, true] },
      },
    );
    expect(told(of)).toEqual([
      ["password", "(secret)", "(secret)"],
      ["url", "db://(secret)@x", "db://(secret)@x"],
      ["env.key", "(secret)", "(secret)"],
      ["env.on", "1", "2"],
      ["list[]", "(unset)", "(secret)"],
    ]);
  });

  test("hides a secret number, and one in a block that comes", () => {
    const of = change(
      { pin: 1234, block: [] },
      { pin: 4321, block: [{ pin: 77, name: "x" }] },
      { before_sensitive: { pin: true }, after_sensitive: { pin: true, block: [{ pin: true }] } },
    );
    expect(told(of)).toEqual([
      ["pin", "(secret)", "(secret)"],
      ["block[]", "(unset)", '{"pin":"(secret)","name":"x"}'],
    ]);
  });
});

test("a path is told in the words of Terraform", () => {
  expect(pathText(["rule", 0, "filter", "prefix"])).toBe("rule[0].filter.prefix");
});
