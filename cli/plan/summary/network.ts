import type { ResourceChange } from "../plan-json";
import { UNKNOWN } from "./differences";
import { listOf, type Members, membersOf } from "./objects";

/** Ways that a resource opens, a text each; of its values with what is not yet known in words. */
type Openings = (values: Members) => string[];

const ALL_PROTOCOLS = "-1";
const ON_THE_INTERNET = "an address on the internet";

function portsOf({ protocol, ip_protocol, from_port, to_port }: Members): string {
  const name = String(protocol ?? ip_protocol ?? "");
  if (name === ALL_PROTOCOLS || name === "all") return "every protocol and port";
  return from_port === to_port ? `${name} port ${from_port}` : `${name} ports ${from_port} to ${to_port}`;
}

const PEERS = [
  "cidr_blocks",
  "ipv6_cidr_blocks",
  "prefix_list_ids",
  "security_groups",
  "source_security_group_id",
  "cidr_ipv4",
  "cidr_ipv6",
  "cidr_block",
  "ipv6_cidr_block",
  "prefix_list_id",
  "referenced_security_group_id",
];

function ruleOpenings(direction: "from" | "to", rule: Members): string[] {
  const peers = PEERS.flatMap((name) => listOf(rule[name]))
    .map(String)
    .filter((peer) => peer !== "");
  const all = rule["self"] === true ? [...peers, "the group itself"] : peers;
  return all.map((peer) => `${portsOf(rule)} ${direction} ${peer}`);
}

const isThere =
  (what: string): Openings =>
  () => [what];

const groupOpenings: Openings = ({ ingress, egress }) => [
  ...listOf(ingress).flatMap((rule) => ruleOpenings("from", membersOf(rule))),
  ...listOf(egress).flatMap((rule) => ruleOpenings("to", membersOf(rule))),
];

const TARGETS = [
  "gateway_id",
  "nat_gateway_id",
  "egress_only_gateway_id",
  "transit_gateway_id",
  "vpc_peering_connection_id",
];

const OPENINGS: Readonly<Record<string, Openings>> = {
  aws_security_group: groupOpenings,
  aws_default_security_group: groupOpenings,
  aws_security_group_rule: (rule) => ruleOpenings(rule["type"] === "egress" ? "to" : "from", rule),
  aws_vpc_security_group_ingress_rule: (rule) => ruleOpenings("from", rule),
  aws_vpc_security_group_egress_rule: (rule) => ruleOpenings("to", rule),
  aws_network_acl_rule: (rule) =>
    rule["rule_action"] === "allow" ? ruleOpenings(rule["egress"] === true ? "to" : "from", rule) : [],
  aws_route: (route) => {
    const target = TARGETS.map((name) => route[name]).find(
      (value) => value !== null && value !== undefined && value !== "",
    );
    const to =
      route["destination_cidr_block"] ??
      route["destination_ipv6_cidr_block"] ??
      route["destination_prefix_list_id"];
    return target === undefined ? [] : [`route to ${to} by ${target}`];
  },
  aws_internet_gateway: isThere("a way to and from the internet"),
  aws_egress_only_internet_gateway: isThere("a way to the internet"),
  aws_nat_gateway: isThere("a way to the internet"),
  aws_vpc_peering_connection: isThere("a way to another VPC"),
  aws_lambda_function_url: ({ authorization_type }) => [
    `an address for the function, with authorization ${authorization_type}`,
  ],
  aws_subnet: ({ map_public_ip_on_launch }) =>
    map_public_ip_on_launch === true ? ["public addresses for what starts in it"] : [],
  aws_db_instance: ({ publicly_accessible }) => (publicly_accessible === true ? [ON_THE_INTERNET] : []),
};

/** Blocks of more addresses than any private network has. */
const EVERYWHERE = /\S+\/[0-7]( |$)/;

/** Whether an opening lets everybody in. */
export function isPublicOpening(opening: string): boolean {
  const isFrom = / from /.test(opening) && EVERYWHERE.test(opening);
  return isFrom || opening.endsWith("authorization NONE") || opening === ON_THE_INTERNET;
}

/** Whether an opening is a way to the internet. */
export function isInternetOpening(opening: string): boolean {
  return /the internet|public addresses/.test(opening) || EVERYWHERE.test(opening);
}

/** Finds what a change opens that was not open. */
export function openingsOf({ type, change }: ResourceChange): string[] {
  const openings = OPENINGS[type];
  if (openings === undefined || change.after === null) return [];
  const before = change.before === null ? [] : openings(membersOf(change.before));
  return openings(withUnknown(membersOf(change.after), change.after_unknown)).filter(
    (each) => !before.includes(each),
  );
}

/** Values with words where they are known after the apply. */
function withUnknown(values: Members, unknown: unknown): Members {
  const names = Object.entries(membersOf(unknown)).filter(([, each]) => each === true);
  return { ...values, ...Object.fromEntries(names.map(([name]) => [name, UNKNOWN])) };
}
