import { type Check, type Finding, failure, otherwiseOk } from "../check";

/** Account ids that examples have: one digit twelve times, or digits in a row. The emulator's zeros are its own. */
const EXAMPLE_ACCOUNT = /^([1-9])\1{11}$|^123456789012$|^210987654321$/;

/**
 * Domains that nobody owns.
 *
 * @see https://www.rfc-editor.org/rfc/rfc2606 (2026-11-30)
 */
const EXAMPLE_DOMAIN = /(^|[@./])example\.(com|net|org)\b|\.(example|invalid|test)(?=[:/]|$)/;

export const placeholdersCheck: Check = {
  group: "settings",
  name: "placeholders",
  actions: [],
  look: async ({ environment }) =>
    otherwiseOk(
      [...textsOf(environment, "")].filter(([path, text]) => isPlaceholder(path, text)).map(placeholder),
      "none left",
    ),
};

function isPlaceholder(path: string, text: string): boolean {
  return path === "account" ? EXAMPLE_ACCOUNT.test(text) : EXAMPLE_DOMAIN.test(text);
}

function placeholder([path, text]: readonly [string, string]): Finding {
  return failure(`${path} is ${text}, an example`, { wayOut: `set ${path} to your own` });
}

/** All texts of the settings with their paths, as in `alerts.emails[0]`. */
function* textsOf(value: unknown, path: string): Generator<readonly [string, string]> {
  if (typeof value === "string") yield [path, value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    const step = Array.isArray(value) ? `[${key}]` : `.${key}`;
    yield* textsOf(member, path === "" ? key : `${path}${step}`);
  }
}
