import { canonical } from "../binding";
import type { Change } from "../plan-json";
import { isObject, listOf, type Members, membersOf, parsed } from "./objects";
import { HIDDEN, type Hide } from "./secrets";

/** Attribute that a plan changes, with texts that may be shown. */
export interface Difference {
  /** As `tags.owner`, `ingress[]` for an element that comes or goes, or `rule[id=old].status`. */
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** Value, and what a plan says of it. */
interface Side {
  readonly value: unknown;
  readonly unknown?: unknown;
  readonly sensitive?: unknown;
}

export const UNSET = "(unset)";
export const UNKNOWN = "(known after apply)";

/** Members by which elements of a list are told apart, the first that all of them have. */
const IDENTITIES = [
  "id",
  "name",
  "key",
  "sid",
  "Sid",
  "rule_id",
  "attribute_name",
  "index_name",
  "type",
  "principal",
];

/** Finds the attributes that a change changes; of lists the elements that come, go or change, whatever their places. */
export function differencesOf(change: Change, hide: Hide): Difference[] {
  const before = { value: change.before, sensitive: change.before_sensitive };
  const after = { value: change.after, unknown: change.after_unknown, sensitive: change.after_sensitive };
  return compare("", before, after, hide);
}

function compare(path: string, before: Side, after: Side, hide: Hide): Difference[] {
  if (isAlike(before, after)) return [];
  const [text, other] = [parsed(before.value), parsed(after.value)];
  if (!isSecret(before) && !isSecret(after)) {
    if (text !== undefined && other !== undefined)
      return compare(path, { value: text }, { value: other }, hide);
    if (isTree(before.value) && isTree(after.value)) return compareMembers(path, before, after, hide);
    if (Array.isArray(before.value) && Array.isArray(after.value))
      return compareElements(path, before, after, hide);
    // at the top an object that comes or goes is the resource itself
    if (path === "" && (isTree(before.value) || isTree(after.value)))
      return compareMembers(path, before, after, hide);
  }
  return [{ path, before: shown(before, hide), after: shown(after, hide) }];
}

function isTree(value: unknown): value is Members {
  return isObject(value);
}

function isSecret({ sensitive }: Side): boolean {
  return sensitive === true;
}

/** Whether both sides are the same for sure. Terraform leaves out what is null, and what is unknown as well. */
function isAlike(before: Side, after: Side): boolean {
  return !hasUnknown(after.unknown) && canonical(before.value ?? null) === canonical(after.value ?? null);
}

function hasUnknown(unknown: unknown): boolean {
  if (Array.isArray(unknown)) return unknown.some(hasUnknown);
  return isObject(unknown) ? Object.values(unknown).some(hasUnknown) : unknown === true;
}

function compareMembers(path: string, before: Side, after: Side, hide: Hide): Difference[] {
  const [one, other] = [membersOf(before.value), membersOf(after.value)];
  const names = new Set([
    ...Object.keys(one),
    ...Object.keys(other),
    ...Object.keys(membersOf(after.unknown)),
  ]);
  return [...names].flatMap((name) =>
    compare(path === "" ? name : `${path}.${name}`, member(before, name), member(after, name), hide),
  );
}

function member({ value, unknown, sensitive }: Side, name: string): Side {
  return {
    value: membersOf(value)[name],
    unknown: unknown === true ? true : membersOf(unknown)[name],
    sensitive: membersOf(sensitive)[name],
  };
}

function compareElements(path: string, before: Side, after: Side, hide: Hide): Difference[] {
  const [gone, come] = unmatched(elements(before), elements(after));
  if (gone.length === 0 && come.length === 0) {
    return [{ path, before: `${elements(before).length} elements`, after: "the same in another order" }];
  }
  const [first, second] = [gone[0], come[0]];
  const isOnlyOne = elements(before).length === 1 && elements(after).length === 1;
  if (isOnlyOne && first && second && isObject(first.value) && isObject(second.value)) {
    return compare(path, first, second, hide);
  }
  const differences: Difference[] = [];
  const left = [...come];
  for (const each of gone) {
    const name = identityOf(each);
    const partner = name === undefined ? -1 : left.findIndex((candidate) => identityOf(candidate) === name);
    const [found] = partner < 0 ? [] : left.splice(partner, 1);
    differences.push(
      ...(found === undefined
        ? [{ path: `${path}[]`, before: shown(each, hide), after: UNSET }]
        : compare(`${path}[${hide(name ?? "")}]`, each, found, hide)),
    );
  }
  return [
    ...differences,
    ...left.map((each) => ({ path: `${path}[]`, before: UNSET, after: shown(each, hide) })),
  ];
}

function elements({ value, unknown, sensitive }: Side): Side[] {
  return listOf(value).map((each, index) => ({
    value: each,
    unknown: Array.isArray(unknown) ? unknown[index] : unknown,
    sensitive: Array.isArray(sensitive) ? sensitive[index] : sensitive,
  }));
}

/** Elements of each side that the other does not have, as often as it has them not. */
function unmatched(before: readonly Side[], after: readonly Side[]): [Side[], Side[]] {
  const come = [...after];
  const gone = before.filter((each) => {
    const place = come.findIndex((candidate) => isAlike(each, candidate));
    if (place >= 0) come.splice(place, 1);
    return place < 0;
  });
  return [gone, come];
}

/** What an element is called, as `name=raw`; undefined where nothing tells it from others. */
function identityOf({ value, sensitive }: Side): string | undefined {
  if (!isObject(value) || sensitive === true) return undefined;
  const key = IDENTITIES.find((name) => typeof value[name] === "string" && value[name] !== "");
  return key === undefined || membersOf(sensitive)[key] === true ? undefined : `${key}=${value[key]}`;
}

function shown(side: Side, hide: Hide): string {
  const value = showable(side);
  if (value === undefined || value === null) return UNSET;
  return typeof value === "string" ? hide(value) || '""' : hide(JSON.stringify(value));
}

/** The value with words in place of what is secret or not yet known. */
function showable({ value, unknown, sensitive }: Side): unknown {
  if (sensitive === true) return HIDDEN;
  if (unknown === true) return UNKNOWN;
  if (Array.isArray(value)) return elements({ value, unknown, sensitive }).map(showable);
  if (!isObject(value) && !isObject(unknown)) return value;
  const names = [...Object.keys(membersOf(value)), ...Object.keys(membersOf(unknown))];
  const side = { value, unknown, sensitive };
  const members = [...new Set(names)].map((name) => [name, showable(member(side, name))] as const);
  return Object.fromEntries(
    members.filter(([, each]) => each !== null && each !== undefined && each !== false),
  );
}

/** Path in the words of `replace_paths`, as `policy` or `rule[0].status`. */
export function pathText(path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`),
    "",
  );
}
