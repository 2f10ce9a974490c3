import { z } from "zod";
import { choice, flag, list, text } from "./kinds";

/** Services whose interface endpoint a private subnet needs where there is no NAT. */
export const ENDPOINT_SERVICES = [
  "secretsmanager",
  "kms",
  "sts",
  "logs",
  "monitoring",
  "events",
  "sqs",
  "glue",
] as const;

const BYTE = "(25[0-5]|2[0-4]\\d|1?\\d?\\d)";

export const network = z.strictObject({
  cidr: text(
    new RegExp(`^(${BYTE}\\.){3}${BYTE}/(1[6-9]|2[0-4])$`),
    "a block from /16 to /24 such as 10.20.0.0/16, which is cut into sixteen subnets",
    { description: "Addresses of the VPC." },
  ),
  zones: list(
    text(/^([a-f]|[a-z]{3,5}\d-az\d)$/, "the zone's letter, a to f, or its id such as use1-az1", {
      description: "",
    }),
    1,
    6,
    {
      description:
        "Zones that get a private subnet each. A letter is another zone in each account, an id the same in all.",
    },
  ),
  egress: choice(["endpoints", "nat"], {
    description: "`endpoints`: AWS services only, by VPC endpoints; `nat`: the internet too.",
  }).default("endpoints"),
  privateJobs: flag({
    description:
      "All Glue jobs run in the private subnets, whose endpoints admit this account alone; without, those that speak to PostgreSQL do.",
  }).default(false),
  natGateways: choice(["one", "each-zone"], {
    description: "With `egress: nat`: one for all zones, or one in each, which survives the loss of a zone.",
  }).default("one"),
  interfaceEndpoints: list(choice(ENDPOINT_SERVICES, { description: "" }), 0, ENDPOINT_SERVICES.length, {
    description:
      "Services reached by interface endpoints, about 7.30 USD a month for each service and zone; `sqs` is made with `privateJobs` alone, for nothing else in the VPC calls it.",
  }).default([...ENDPOINT_SERVICES]),
  securityGroupEgress: choice(["prefix-lists", "cidr"], {
    description: "Egress to S3 and DynamoDB by their prefix lists, or by the open CIDR block.",
  }).default("prefix-lists"),
  flowLogs: flag({
    description: "Records the VPC's connections in CloudWatch Logs.",
  }).default(true),
});
