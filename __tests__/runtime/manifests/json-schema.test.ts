import { describe, expect, test } from "@jest/globals";
import { SchemaViolationError } from "../../../runtime/errors";
import { schemaCheck } from "../../../runtime/manifests/json-schema";
import { checkManifest, checkReceipt, manifestBody } from "../../../runtime/manifests/manifests";

const NAME = { id: "0".repeat(32), dataset: "clicks", date: "2026-01-31" };
const ENTRY = {
  bucket: "raw",
  key: "input/clicks/2026-01-31-ü.ndjson",
  version_id: "v1",
  size: 100,
  sequencer: "A".repeat(64),
  revision: 1,
  uploaded_at: "2026-01-31T12:00:00.000Z",
};
const MANIFEST = { ...NAME, total_bytes: 100, entries: [ENTRY] };

describe("the check of manifests", () => {
  test.each([
    ["a manifest", MANIFEST],
    ["an empty one", { ...MANIFEST, total_bytes: 0, entries: [] }],
    ["a version that no event announced", { ...MANIFEST, entries: [{ ...ENTRY, sequencer: null }] }],
  ])("passes %s", (_, manifest) => {
    expect(checkManifest(manifest)).toBe(manifest);
  });

  test.each([
    ["Manifest: expected object, got []", []],
    ["Manifest: expected object, got null", null],
    ["Manifest.entries is required: expected array", { ...MANIFEST, entries: undefined }],
    ['Manifest.id: expected text that matches ^[0-9a-f]{32}$, got "00', { ...MANIFEST, id: "0".repeat(31) }],
    ['Manifest: unknown key "entris"; did you mean "entries"?', { ...MANIFEST, entris: 1 }],
    ["Manifest.total_bytes: expected integer, got 1.5", { ...MANIFEST, total_bytes: 1.5 }],
    ["Manifest.total_bytes: expected 0 or more, got -1", { ...MANIFEST, total_bytes: -1 }],
    ["Manifest.entries: expected array, got {}", { ...MANIFEST, entries: {} }],
    [
      'Manifest.entries[1].key: expected text of 1 or more characters, got ""',
      { ...MANIFEST, entries: [ENTRY, { ...ENTRY, key: "" }] },
    ],
    [
      "Manifest.entries[0].sequencer: expected string or null, got 1",
      { ...MANIFEST, entries: [{ ...ENTRY, sequencer: 1 }] },
    ],
    [
      "Manifest.entries[0].sequencer: expected text that matches",
      { ...MANIFEST, entries: [{ ...ENTRY, sequencer: "a" }] },
    ],
    [
      "Manifest.entries[0].revision: expected 1 or more, got 0",
      { ...MANIFEST, entries: [{ ...ENTRY, revision: 0 }] },
    ],
    [
      "Manifest.entries[0].uploaded_at: expected text that matches",
      { ...MANIFEST, entries: [{ ...ENTRY, uploaded_at: "now" }] },
    ],
  ])("refuses: %s", (violation, manifest) => {
    const received = JSON.parse(JSON.stringify(manifest));
    expect(() => checkManifest(received)).toThrow(SchemaViolationError);
    expect(() => checkManifest(received)).toThrow(violation);
  });

  test("holds for receipts, too", () => {
    expect(() => checkReceipt({ ...NAME })).toThrow("Receipt.generation is required: expected integer");
  });

  test("writes fields in the schema's order, without spaces", () => {
    const { key, bucket, ...rest } = ENTRY;
    expect(manifestBody(NAME, [ENTRY])).toBe(JSON.stringify(MANIFEST));
    expect(() => manifestBody({ ...NAME, date: "31" }, [{ ...rest, key, bucket }])).toThrow("Manifest.date");
  });
});

describe("schemaCheck", () => {
  test.each([
    ["keyword", { oneOf: [] }, /keyword oneOf is not checked/],
    ["nested keyword", { properties: { a: { maximum: 1 } } }, /keyword maximum is not checked/],
    ["type", { type: "boolean" }, /type boolean is not checked/],
    ["form of additionalProperties", { properties: {}, additionalProperties: {} }, /for false only/],
  ])("refuses a schema with a %s that it does not know", (_, schema, message) => {
    expect(() => schemaCheck(schema)).toThrow(message);
  });
});
