import { kindOf, type ResourceChange } from "../plan-json";
import { type Members, membersOf } from "./objects";
import { isStateful } from "./stateful";

/** Stateful resource, by its address and by what AWS knows it by. */
export interface Holder {
  readonly address: string;
  readonly type: string;
  /** None where the configuration does not say it. */
  readonly identity?: string;
}

/** Stateful resource that would go and come anew for nothing but another address: its construct's id changed. */
export interface Rename {
  readonly from: string;
  readonly to: string;
}

/** Attributes that tell resources of a kind apart, where that is not their name: a key has none, but says what it is for. */
const IDENTITIES: Readonly<Record<string, string>> = {
  aws_s3_bucket: "bucket",
  aws_s3_directory_bucket: "bucket",
  aws_db_instance: "identifier",
  aws_rds_cluster: "cluster_identifier",
  aws_kms_key: "description",
  aws_efs_file_system: "creation_token",
};

/** A stateful resource with its attributes, as Terraform names them. */
export function holderOf(address: string, type: string, values: Members): Holder {
  const identity = values[IDENTITIES[type] ?? "name"];
  return { address, type, ...(typeof identity === "string" ? { identity } : {}) };
}

/** Those of the resources that go which come back under another address. */
export function renamesOf(gone: readonly Holder[], come: readonly Holder[]): Rename[] {
  return gone.flatMap(({ address, type, identity }) => {
    const same = come.find((each) => each.type === type && each.identity === identity);
    return identity === undefined || same === undefined ? [] : [{ from: address, to: same.address }];
  });
}

/** Renames in a stack's plan; none of what a `moved` block leads to its new address. */
export function plannedRenames(changes: readonly ResourceChange[]): Rename[] {
  const stateful = changes.filter(({ mode, type }) => mode === "managed" && isStateful(type));
  const holders = (kind: "destroyed" | "created", values: "before" | "after") =>
    stateful
      .filter(({ change }) => kindOf(change) === kind)
      .map(({ address, type, change }) => holderOf(address, type, membersOf(change[values])));
  return renamesOf(holders("destroyed", "before"), holders("created", "after"));
}

/** Says what became of the resource at `from`, and the way out. */
export function renameText({ from, to }: Rename, quote = (text: string) => text): string {
  const helper = quote(`moveFromId("${from}")`);
  return `it is ${quote(to)} now, for the id of a construct changed: keep it by ${helper} on the new resource`;
}
