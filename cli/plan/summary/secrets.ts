import type { PlanJson } from "../plan-json";
import { isObject } from "./objects";

/** Shorter secrets are hidden where the plan marks them, and not looked for elsewhere: they are part of other words. */
const SHORTEST = 4;

export const HIDDEN = "(secret)";

/** Hides secrets in a text. */
export type Hide = (text: string) => string;

/** Hides what a plan marks as secret wherever it stands, for not every copy of it is marked. */
export function hiding(secrets: readonly string[], json: PlanJson | undefined): Hide {
  const changes = [
    ...(json?.resource_changes ?? []).map(({ change }) => change),
    ...(json?.resource_drift ?? []).map(({ change }) => change),
    ...Object.values(json?.output_changes ?? {}),
  ];
  const marked = changes.flatMap(({ before, before_sensitive, after, after_sensitive }) => [
    ...markedTexts(before, before_sensitive),
    ...markedTexts(after, after_sensitive),
  ]);
  // the longest first: one may contain another
  const all = [...new Set([...secrets, ...marked])]
    .filter((text) => text.length >= SHORTEST)
    .sort((one, other) => other.length - one.length);
  return (text) => all.reduce((hidden, secret) => hidden.replaceAll(secret, HIDDEN), text);
}

/** Texts in a value, however deep. */
export function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return isObject(value) ? Object.values(value).flatMap(textsOf) : [];
}

/** Texts in a value that `sensitive`, which has its form, marks. */
function markedTexts(value: unknown, sensitive: unknown): string[] {
  if (sensitive === true) return textsOf(value);
  if (Array.isArray(value) && Array.isArray(sensitive)) {
    return value.flatMap((each, index) => markedTexts(each, sensitive[index]));
  }
  if (!isObject(value) || !isObject(sensitive)) return [];
  return Object.entries(value).flatMap(([key, each]) => markedTexts(each, sensitive[key]));
}
