import type { ManifestsPipeline, Uploaded } from "./pipeline";
import { nameOf } from "./pipeline";

/** What is wrong with the books; all empty when each version ended in exactly one place. */
export interface Accounts {
  /** Versions that ended nowhere. */
  lost: string[];
  /** Versions that ended in more than one place, or twice in one. */
  duplicated: string[];
  /** What was never uploaded, or ended in a place that it should not be in. */
  unexpected: string[];
}

export const IN_ORDER: Accounts = { lost: [], duplicated: [], unexpected: [] };

type Place = "listed" | "superseded" | "unchanged" | "quarantined";

/** Where each uploaded version ended, from the manifests and the table, by rules that know nothing of the builder. */
export function account(pipeline: ManifestsPipeline): Accounts {
  const places = placesOf(pipeline);
  const accounts: Accounts = { lost: [], duplicated: [], unexpected: [] };
  for (const upload of pipeline.uploads) {
    const ended = places.get(nameOf(upload)) ?? [];
    if (ended.length === 0) accounts.lost.push(nameOf(upload));
    if (ended.length > 1) accounts.duplicated.push(`${nameOf(upload)}: ${ended.join()}`);
    places.delete(nameOf(upload));
  }
  accounts.unexpected.push(...places.keys(), ...auditProblems(pipeline));
  for (const name of new Set(pipeline.uploads.map(({ key }) => key))) {
    const versions = pipeline.uploads.filter(({ key }) => key === name);
    accounts.unexpected.push(...misplaced(versions, placesOf(pipeline)), ...headProblems(pipeline, versions));
  }
  return accounts;
}

function placesOf(pipeline: ManifestsPipeline): Map<string, Place[]> {
  const places = new Map<string, Place[]>();
  const note = (name: string, place: Place) => places.set(name, [...(places.get(name) ?? []), place]);
  for (const { entries } of pipeline.manifests()) {
    for (const { key, version_id } of entries) note(nameOf({ key, version: version_id }), "listed");
  }
  for (const row of pipeline.aws.table.rows()) {
    const key = row["file_path"]?.slice("s3://raw/".length) ?? "";
    const place = row["status"];
    if (place === "superseded" || place === "unchanged" || place === "quarantined") {
      note(nameOf({ key, version: row["version"] ?? "" }), place);
    }
  }
  return places;
}

/** Versions in quarantine that the audit does not tell once, and what else it tells. */
function auditProblems(pipeline: ManifestsPipeline): string[] {
  const told = pipeline.audited().map(({ key, version, message }) => `${key}@${version}: ${message}`);
  const wanted = pipeline.aws.table
    .rows()
    .filter(({ status }) => status === "quarantined")
    .map(({ file_path = "", version, error_message = "" }) => {
      const key = file_path.slice("s3://raw/".length);
      return `${key}@${version}: ${error_message.replace(/^[^:]*: /, "")}`;
    });
  return told.sort().join("\n") === wanted.sort().join("\n") ? [] : [`audit: ${told}, not ${wanted}`];
}

/** Versions of one key, oldest first, in a place that the rules do not give them. */
function misplaced(versions: readonly Uploaded[], places: Map<string, Place[]>): string[] {
  const problems: string[] = [];
  const valid = versions.filter(({ body }) => isValid(body));
  for (const [index, version] of valid.entries()) {
    const [place] = places.get(nameOf(version)) ?? [];
    const isNewest = index === valid.length - 1;
    if (place === "superseded" && isNewest) problems.push(`${nameOf(version)} is superseded by nothing`);
    const published = valid.slice(0, index).filter((one) => places.get(nameOf(one))?.[0] === "listed");
    if (place === "unchanged" && !published.some(({ body }) => body === version.body)) {
      problems.push(`${nameOf(version)} is unchanged from nothing`);
    }
    if (place === "quarantined") problems.push(`${nameOf(version)} is valid and quarantined`);
  }
  for (const version of versions.filter(({ body }) => !isValid(body))) {
    const [place] = places.get(nameOf(version)) ?? [];
    if (place !== "quarantined") problems.push(`${nameOf(version)} is invalid and ${place}`);
  }
  return problems;
}

/** What readers of the newest revision would see that is not the newest valid content. */
function headProblems(pipeline: ManifestsPipeline, versions: readonly Uploaded[]): string[] {
  const newest = versions.findLast(({ body }) => isValid(body));
  if (newest === undefined) return [];
  const entries = pipeline
    .manifests()
    .flatMap(({ entries: listed }) => listed)
    .filter(({ key }) => key === newest.key);
  const revisions = entries.map(({ revision }) => revision);
  if (new Set(revisions).size < revisions.length) return [`${newest.key} has a revision twice`];
  const latest = entries.find(({ revision }) => revision === Math.max(...revisions));
  const visible = versions.find(({ version }) => version === latest?.version_id);
  return visible?.body === newest.body ? [] : [`${newest.key} shows ${latest?.version_id}`];
}

function isValid(body: string): boolean {
  return body.length >= 90 && body.length <= 110;
}
