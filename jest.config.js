// the SDK announces in every process that it will leave Node 20 behind one day; package.json pins one that has not
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";

/** @type {import("jest").Config} */
module.exports = {
  testMatch: ["<rootDir>/__tests__/**/*.test.ts"],
  // stops a hang only: how long a test takes follows from the machine and from what else it does
  testTimeout: 20 * 60_000,
  testSequencer: "<rootDir>/__tests__/support/run/sequencer.js",
  globalSetup: "<rootDir>/__tests__/support/run/setup.ts",
  globalTeardown: "<rootDir>/__tests__/support/run/teardown.ts",
  transform: {
    "\\.ts$": ["@swc/jest", { jsc: { target: "es2023", parser: { syntax: "typescript" } } }],
  },
  // generated folders hold copies of package.json, which would only confuse the module map
  modulePathIgnorePatterns: ["<rootDir>/cdktf.out", "<rootDir>/.tributary", "<rootDir>/dist"],
};
