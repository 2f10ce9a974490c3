// what cdktf and the commands start as main.ts: plain JavaScript, since it is also what compiles the rest
const { pathToFileURL } = require("node:url");
const { compiled } = require("./compiled");

compiled("synthesis").then((path) => {
  const main = pathToFileURL(path).href;
  return import(main).catch(() => {
    // again, so that the error names lines of the sources: to read their map takes a tenth of a synthesis
    process.setSourceMapsEnabled(true);
    return import(`${main}?again`);
  });
});
