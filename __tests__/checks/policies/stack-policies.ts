import type { StackJson } from "../../support/stacks";

/** Policy statement, in whichever of JSON's forms it came. */
export interface PolicyStatement {
  readonly sid: string;
  readonly actions: readonly string[];
  /** Without references. Empty in a trust policy. */
  readonly resources: readonly string[];
  readonly conditions: readonly { readonly operator: string; readonly key: string }[];
}

export interface Policy {
  /** Stack and address of the resource, such as `dev-storage aws_kms_key.data-key`. */
  readonly where: string;
  readonly statements: readonly PolicyStatement[];
  /** Whether statements name the actions and the resources of a service together, so that not all fit each other. @default false */
  readonly grouped?: boolean;
}

type Stacks = ReadonlyMap<string, StackJson>;

const PLACE = "us-east-1:111122223333";

/** Values of what is known after an apply alone, in the form in which AWS gives them. */
const KNOWN_AFTER_APPLY: Readonly<Record<string, string>> = {
  "aws_cloudwatch_log_group.arn": `arn:aws:logs:${PLACE}:log-group:known-later`,
  "aws_db_instance.master_user_secret[0].secret_arn": `arn:aws:secretsmanager:${PLACE}:secret:known-later`,
  "aws_db_instance.resource_id": "db-KNOWNLATER",
  "aws_dynamodb_table.arn": `arn:aws:dynamodb:${PLACE}:table/known-later`,
  "aws_kms_key.arn": `arn:aws:kms:${PLACE}:key/known-later`,
  "aws_lambda_function.arn": `arn:aws:lambda:${PLACE}:function:known-later`,
  "aws_s3_bucket.arn": "arn:aws:s3:::known-later",
  "aws_security_group.arn": `arn:aws:ec2:${PLACE}:security-group/known-later`,
  "aws_sns_topic.arn": `arn:aws:sns:${PLACE}:known-later`,
  "aws_sqs_queue.arn": `arn:aws:sqs:${PLACE}:known-later`,
  "aws_subnet.arn": `arn:aws:ec2:${PLACE}:subnet/known-later`,
};

/** Every policy in the stacks, wherever it stands: in an argument of a role, key, queue or any other resource. */
export function stackPolicies(stacks: Stacks): Policy[] {
  return [...stacks].flatMap(([name, stack]) =>
    Object.entries(stack.resource).flatMap(([type, resources]) =>
      Object.entries(resources).flatMap(([id, attributes]) =>
        documentsIn(attributes).map((document) => ({
          where: `${name} ${type}.${id}`,
          statements: statementsOf(resolve(document, stacks)),
        })),
      ),
    ),
  );
}

/** Texts of policies in a resource's arguments, however deep. */
function documentsIn(value: unknown): string[] {
  if (typeof value === "string") return value.startsWith("{") && value.includes('"Statement"') ? [value] : [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(documentsIn) : [];
}

/** Reads the statements of a policy's text. */
export function statementsOf(document: string): PolicyStatement[] {
  const { Statement } = JSON.parse(document);
  return [Statement].flat().map((statement) => ({
    sid: statement.Sid ?? "",
    actions: listOf(statement.Action ?? statement.NotAction),
    resources: listOf(statement.Resource),
    conditions: Object.entries<object>(statement.Condition ?? {}).flatMap(([operator, values]) =>
      Object.keys(values).map((key) => ({ operator, key })),
    ),
  }));
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : [value].flat();
}

/**
 * Puts a value for each reference.
 * @throws Error naming a reference whose form is not known here
 */
function resolve(text: string, stacks: Stacks): string {
  return text.replaceAll(/\$\{([^}]+)\}/g, (_, reference: string) => valueBehind(reference, stacks));
}

function valueBehind(reference: string, stacks: Stacks): string {
  const [, stack = "", output = ""] =
    /^data\.terraform_remote_state\.cross-stack-reference-input-([^.]+)\.outputs\.(.+)$/.exec(reference) ??
    [];
  if (stack !== "") return resolve(String(stacks.get(stack)?.output?.[output]?.value), stacks);
  const attribute = reference.replace(/^([^.]+)\.[^.]+/, "$1");
  const value = KNOWN_AFTER_APPLY[attribute];
  if (value === undefined) {
    throw new Error(`${reference}: expected one of ${Object.keys(KNOWN_AFTER_APPLY).join(", ")}`);
  }
  return value;
}
