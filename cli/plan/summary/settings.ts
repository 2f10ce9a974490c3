import { APPLIED_SETTINGS } from "../../../environments/schema";
import { kindOf } from "../plan-json";
import { type Difference, UNSET } from "./differences";
import { code, type Section } from "./markdown";
import { isKept, type Told } from "./told";

/** Setting, or element of a list, that is another than in the last apply, in the form of an attribute that changes. */
type Setting = Difference;

/** Beginning of the paths under which a plan has them. */
const INPUT = "input.";

/** Attributes that a row names. */
const NAMED = 5;

/**
 * Attributes are in other units than their settings: seconds of minutes, hours or days, bytes of kibibytes, mebibytes or megabytes, and
 * fractions of percents.
 */
const UNITS = [1, 60, 3600, 86_400, 1024, 1024 ** 2, 10 ** 6, 1 / 100];

/** Tells the settings that changed since the last apply, and which attributes changed as they did. */
export function settingsSection(changing: readonly Told[], name: string): Section {
  const settings = changedSettings(changing);
  const others = changing.filter((resource) => !areSettings(resource));
  return {
    heading: `Settings of ${name} that changed since the last apply, and what changed as they did`,
    columns: ["Setting", "Before", "After", "Led to"],
    rows: settings.map((setting) => [
      code(setting.path),
      code(setting.before),
      code(setting.after),
      ledTo(setting, others),
    ]),
  };
}

/** None where the last apply was of a release that did not tell its settings. */
function changedSettings(changing: readonly Told[]): Setting[] {
  return changing
    .filter((resource) => isKept(resource) && areSettings(resource))
    .flatMap(({ differences }) => differences)
    .filter(({ path }) => path.startsWith(INPUT))
    .map((setting) => ({ ...setting, path: setting.path.slice(INPUT.length) }));
}

/** Whether a resource is the one that tells the settings. */
export function areSettings({ address }: Told): boolean {
  return address === APPLIED_SETTINGS;
}

function ledTo(setting: Setting, others: readonly Told[]): string {
  const found = others.flatMap((resource) =>
    isSwitched(setting, resource)
      ? [code(resource.address)]
      : resource.differences
          .filter((difference) => isLedTo(setting, resource, difference))
          .map(({ path }) => code(`${resource.address}: ${path}`)),
  );
  if (found.length === 0) return "nothing that its values tell";
  const more = found.length > NAMED ? [`and ${found.length - NAMED} more`] : [];
  return [...found.slice(0, NAMED), ...more].join("<br>");
}

/** Whether a resource comes or goes by whose name the setting's switch, or the element of its list, is called. */
function isSwitched({ path, before, after }: Setting, { address, change }: Told): boolean {
  const kind = kindOf(change);
  const [from, to] = kind === "created" ? [before, after] : kind === "destroyed" ? [after, before] : [];
  const isOn = to === "true" && from !== "true";
  const name = isOn ? path.split(".").at(-1) : from === UNSET ? to : undefined;
  const words = wordsOf(name ?? "");
  return words.length > 0 && words.every((word) => wordsOf(address).includes(word));
}

/**
 * Whether an attribute changed as a setting did: from its value to its value, in whatever unit or text. Values that many attributes
 * have count only where both names have a word in common.
 */
function isLedTo(setting: Setting, { address }: Told, difference: Difference): boolean {
  const isSame =
    (setting.before === difference.before && setting.after === difference.after) ||
    isSameInUnit(setting, difference) ||
    isSameInText(setting, difference);
  return isSame && (isTelling(setting) || haveCommonWord(setting.path, address, difference.path));
}

function isSameInUnit(setting: Setting, attribute: Difference): boolean {
  const numbers = [setting.before, setting.after, attribute.before, attribute.after].map(Number);
  const [before = Number.NaN, after = Number.NaN, ...others] = numbers;
  return UNITS.some((unit) => others[0] === before * unit && others[1] === after * unit);
}

/** As `rate(30 minutes)` of 30. */
function isSameInText(setting: Setting, attribute: Difference): boolean {
  const parts = attribute.before.split(setting.before);
  return parts.length > 1 && parts.join(setting.after) === attribute.after;
}

const TELLING_CHARACTERS = 4;
const TELLING_NUMBER = 100;

/** Whether hardly anything else would move so. */
function isTelling({ before, after }: Difference): boolean {
  return [before, after]
    .filter((value) => value !== UNSET)
    .every((value) =>
      Number.isNaN(Number(value))
        ? value.length >= TELLING_CHARACTERS && value !== "true" && value !== "false"
        : Number(value) >= TELLING_NUMBER,
    );
}

function haveCommonWord(setting: string, ...names: readonly string[]): boolean {
  const words = new Set(names.flatMap(wordsOf));
  return wordsOf(setting).some((word) => words.has(word));
}

/** Words of names in any case, without a plural's end. */
function wordsOf(name: string): string[] {
  return (name.match(/[A-Z]?[a-z]{3,}/g) ?? []).map((word) => word.toLowerCase().replace(/s$/, ""));
}
