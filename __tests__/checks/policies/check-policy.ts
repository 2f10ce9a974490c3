import type { Finding } from "../reviewed";
import { fitsForm } from "./arn-form";
import type { Definitions, PublishedAction, PublishedService } from "./definitions";
import type { Policy, PolicyStatement } from "./stack-policies";

/**
 * Keys that any request may have. A variable part follows the slash.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (2026-11-30)
 */
const GLOBAL_KEYS = new Set(
  [
    ...["PrincipalArn", "PrincipalAccount", "PrincipalOrgPaths", "PrincipalOrgID", "PrincipalTag/"],
    ...["PrincipalIsAWSService", "PrincipalServiceName", "PrincipalServiceNamesList", "PrincipalType"],
    ...["userid", "username", "FederatedProvider", "TokenIssueTime", "MultiFactorAuthAge"],
    ...["MultiFactorAuthPresent", "SourceIdentity", "SourceIp", "SourceVpc", "SourceVpce", "VpcSourceIp"],
    ...["ResourceAccount", "ResourceOrgID", "ResourceOrgPaths", "CalledVia", "CalledViaFirst"],
    ...["CalledViaLast", "ViaAWSService", "CurrentTime", "EpochTime", "referer", "RequestedRegion"],
    ...["SecureTransport", "SourceArn", "SourceAccount", "SourceOrgID", "SourceOrgPaths", "UserAgent"],
  ].map((name) => `aws:${name}`.toLowerCase()),
);

/**
 * Operators of conditions, without what may stand before and behind them.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html (2026-11-30)
 */
const OPERATOR =
  /^(ForAllValues:|ForAnyValue:)?(String(Not)?Equals(IgnoreCase)?|String(Not)?Like|Numeric(Not)?Equals|(Numeric|Date)(Less|Greater)Than(Equals)?|Date(Not)?Equals|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like))(IfExists)?$|^Null$/;

/** An action of a statement with its service. */
interface Named {
  readonly name: string;
  readonly service: PublishedService;
  readonly published: PublishedAction;
}

/**
 * Holds a policy against AWS's published definitions. The rules: `unknown-action`, `unknown-operator`,
 * `unknown-condition-key` for keys that requests of the action never have, and `wrong-resource` where an action
 * knows no resource of that form.
 */
export function checkPolicy(
  { where, statements, grouped = false }: Policy,
  definitions: Definitions,
): Finding[] {
  return statements.flatMap((statement) => {
    const at = `${where} ${statement.sid}`.trimEnd();
    const found = statement.actions.map((action) => matching(action, definitions));
    return [
      ...statement.actions
        .filter((_, index) => found[index]?.length === 0)
        .map((action) => ({ rule: "unknown-action", where: `${at} ${action}` })),
      ...statement.conditions
        .filter(({ operator }) => !OPERATOR.test(operator))
        .map(({ operator }) => ({ rule: "unknown-operator", where: `${at} ${operator}` })),
      ...statement.actions.flatMap((action, index) =>
        checkUse(at, action, found[index] ?? [], statement, grouped),
      ),
    ];
  });
}

/** Published actions that a policy's action stands for; all that a wildcard stands for. */
function matching(action: string, definitions: Definitions): Named[] {
  const [prefix = "", pattern = prefix] = action.toLowerCase().split(":");
  const form = new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`);
  return Object.entries(definitions)
    .filter(([name, service]) => service?.privileges !== undefined && (prefix === "*" || name === prefix))
    .flatMap(([name, service]) =>
      Object.values(service?.privileges ?? {})
        .filter(({ privilege }) => form.test(privilege.toLowerCase()))
        .map((published) => ({
          name: `${name}:${published.privilege}`,
          service: service as PublishedService,
          published,
        })),
    );
}

/** Checks the conditions and resources of one action. What a wildcard stands for need not all fit, but one. */
function checkUse(
  at: string,
  action: string,
  actions: readonly Named[],
  { resources, conditions }: PolicyStatement,
  grouped: boolean,
): Finding[] {
  if (actions.length === 0) return [];
  const wrong = resources.filter((resource) => !actions.some((each) => knowsResource(each, resource)));
  return [
    ...conditions
      .filter(({ key }) => !actions.some((each) => knowsKey(each, key)))
      .map(({ key }) => ({ rule: "unknown-condition-key", where: `${at} ${action} ${key}` })),
    ...(grouped && wrong.length < resources.length ? [] : wrong).map((resource) => ({
      rule: "wrong-resource",
      where: `${at} ${action} ${resource}`,
    })),
  ];
}

function knowsKey({ service, published }: Named, key: string): boolean {
  if (GLOBAL_KEYS.has(key.toLowerCase()) || GLOBAL_KEYS.has(key.toLowerCase().replace(/\/.*/, "/")))
    return true;
  const known = Object.entries(published.resource_types).flatMap(([type, { condition_keys }]) => [
    ...condition_keys,
    ...(service.resources[type]?.condition_keys ?? []),
  ]);
  return known.some((each) => formOf(each).test(key));
}

/** Expression for a published key, whose variable part is given as `${TagKey}` or `<key>`. */
function formOf(key: string): RegExp {
  return new RegExp(`^${key.replaceAll(/\$\{\w+\}|<\w+>/g, ".+")}$`, "i");
}

function knowsResource({ service, published }: Named, resource: string): boolean {
  if (resource === "*") return true;
  return Object.keys(published.resource_types).some((type) => {
    const form = service.resources[type]?.arn;
    return form !== undefined && fitsForm(resource, form);
  });
}
