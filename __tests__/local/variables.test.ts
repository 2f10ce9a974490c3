import { expect, test } from "@jest/globals";
import { withoutUserSettings } from "../../local/platform/platform";

test.each([
  ["AWS_PROFILE", "work"],
  ["AWS_SESSION_TOKEN", "secret"],
  ["AWS_ENDPOINT_URL", "http://elsewhere"],
  ["AWS_USE_FIPS_ENDPOINT", "true"],
  ["TF_WORKSPACE", "other"],
  ["TF_DATA_DIR", "/tmp/shared"],
  ["TF_CLI_ARGS_apply", "-destroy"],
  ["TF_VAR_region", "eu-west-1"],
])("keeps the user's %s from the platform", (name, value) => {
  expect(withoutUserSettings({ [name]: value, HOME: "/home/me" })).not.toHaveProperty(name);
});

test.each(["PATH", "HOME", "HTTPS_PROXY", "TF_LOG"])("leaves %s alone", (name) => {
  expect(withoutUserSettings({ [name]: "value" })).toHaveProperty(name, "value");
});

test.each([
  [{}, "127.0.0.1,localhost"],
  [{ NO_PROXY: "a" }, "a,127.0.0.1,localhost"],
  [{ no_proxy: "b" }, "b,127.0.0.1,localhost"],
])("goes to the emulator without any proxy, given %j", (given, expected) => {
  expect(withoutUserSettings({ HTTP_PROXY: "http://proxy", ...given })).toMatchObject({
    NO_PROXY: expected,
    no_proxy: expected,
  });
});
