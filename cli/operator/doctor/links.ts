/** Pages of AWS's console on which an operator acts on a finding. */

export function quotaLink(region: string, service: string, code: string): string {
  return `https://${region}.console.aws.amazon.com/servicequotas/home/services/${service}/quotas/${code}`;
}

export const COST_TAGS_LINK = "https://console.aws.amazon.com/billing/home#/tags";

export function lakeFormationLink(region: string): string {
  return `https://${region}.console.aws.amazon.com/lakeformation/home?region=${region}#default-permission-settings`;
}

export function guardDutyLink(region: string): string {
  return `https://${region}.console.aws.amazon.com/guardduty/home?region=${region}`;
}
