#!/usr/bin/env node
// what `npx tributary` starts: plain JavaScript, since it is also what compiles the rest
const { pathToFileURL } = require("node:url");
const { compiled } = require("./compiled");

process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
compiled("command").then((main) => import(pathToFileURL(main)));
