const Sequencer = require("@jest/test-sequencer").default;

/** Begins with the files that take minutes: one that begins last has a core to itself and lets the other wait. */
module.exports = class extends Sequencer {
  sort(tests) {
    const isSlow = ({ path }) => path.endsWith(".slow.test.ts");
    const ordered = super.sort(tests);
    return [...ordered.filter(isSlow), ...ordered.filter((test) => !isSlow(test))];
  }
};
