import { execFileSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { tributaryPackage } from "../../constructs/glue-package";

test("the Glue package holds modules, declarations and SQL, and neither caches nor tests", () => {
  const program = "import sys, zipfile; print(*zipfile.ZipFile(sys.argv[1]).namelist(), sep='\\n')";
  const names = execFileSync("python3", ["-c", program, tributaryPackage().path], { encoding: "utf8" })
    .trim()
    .split("\n");
  expect(names).toEqual(
    expect.arrayContaining([
      "tributary/__init__.py",
      "tributary/datasets/customers/dataset.json",
      "tributary/datasets/customers/transform.sql",
    ]),
  );
  expect(names.filter((name) => !/^tributary\/.*\.(py|json|sql|typed)$/.test(name))).toEqual([]);
  expect(names.filter((name) => /__pycache__|(^|\/)tests?\//.test(name))).toEqual([]);
});
