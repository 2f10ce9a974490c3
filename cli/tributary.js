#!/usr/bin/env node
// what `npx tributary` starts: node reads no TypeScript by itself
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
require("tsx/cjs");
require("./operator/main.ts");
