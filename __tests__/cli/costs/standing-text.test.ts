import { describe, expect, test } from "@jest/globals";
import { standingCostsText } from "../../../cli/costs/standing-text";
import { loadEnvironment } from "../../../environments/schema";

const dev = loadEnvironment("dev");

describe("what a deploy says that runs from then on", () => {
  test("has the model's lines by the day, their arithmetic and how to end them", () => {
    const text = standingCostsText(dev);
    // 160.60 and 32.85 of a month, ÷ 730 × 24
    expect(text).toMatch(
      /^Glue: manifests-stream +\$5\.28 +2 workers G\.025X = 0\.5 DPU × 730 h × 0\.44 +tributary manifests stop$/m,
    );
    expect(text).toMatch(/^VPC: NAT gateways +\$1\.08 +1 gateway × 730 h × 0\.045 +it is destroyed$/m);
    expect(text).toMatch(/^others +\$0\.\d\d /m);
    expect(text).toMatch(
      /^\$7\.\d\d a day by the list prices of us-east-1; .* costs --expected --environment dev$/m,
    );
    expect(text).toMatch(/until npx tributary manifests stop --environment dev$/);
  });

  test("has no word about a streaming job that is not there", () => {
    const text = standingCostsText({ ...dev, pipelines: ["uploads"] });
    expect(text).not.toContain("manifests");
    expect(text).toMatch(/^KMS: keys of data, code and operations +\$0\.10 /m);
  });

  test("leaves a server open whose price is not known", () => {
    const postgres = { ...dev.ledger.postgres, instanceClass: "db.r8g.large" };
    expect(standingCostsText({ ...dev, ledger: { ...dev.ledger, postgres } })).toMatch(
      /^RDS: db\.r8g\.large +- +no price in the table/m,
    );
  });
});
