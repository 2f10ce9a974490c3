import { SchemaViolationError } from "../errors";
import { expectedAt, unknownKey } from "../expected";

/** Check of one value: returns the first violation at or below `path`, or undefined. */
type Check = (value: unknown, path: string) => string | undefined;

type Schema = Readonly<Record<string, unknown>>;

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  array: Array.isArray,
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: Number.isSafeInteger,
  null: (value) => value === null,
};

/** Keywords that our schemas use. Annotations check nothing. */
const KEYWORDS: Readonly<Record<string, ((schema: Schema) => Check) | null>> = {
  $schema: null,
  title: null,
  description: null,
  type: checkType,
  required: checkRequired,
  properties: checkProperties,
  additionalProperties: checkAdditional,
  items: checkItems,
  pattern: checkPattern,
  minLength: checkMinLength,
  minimum: checkMinimum,
};

/**
 * Builds a function that returns its argument as a `T` when it fits the JSON schema. The schema may use only
 * the keywords above: a validator for all of JSON Schema would be half the size of a bundle.
 *
 * @throws Error when the schema has a keyword that is not checked here
 * @throws SchemaViolationError (the function) naming the first violation and its path
 */
export function schemaCheck<T>(schema: Schema): (value: unknown) => T {
  const check = compile(schema);
  const name = String(schema["title"]);
  return (value) => {
    const violation = check(value, name);
    if (violation !== undefined) throw new SchemaViolationError(violation);
    return value as T;
  };
}

function compile(schema: Schema): Check {
  const checks: Check[] = [];
  for (const keyword of Object.keys(schema)) {
    const make = KEYWORDS[keyword];
    if (make === undefined) throw new Error(`JSON schema keyword ${keyword} is not checked: add it`);
    if (make !== null) checks.push(make(schema));
  }
  return (value, path) => firstViolation(checks, (check) => check(value, path));
}

function firstViolation<T>(all: Iterable<T>, check: (one: T) => string | undefined): string | undefined {
  for (const one of all) {
    const violation = check(one);
    if (violation !== undefined) return violation;
  }
  return undefined;
}

function checkType({ type }: Schema): Check {
  const names = [type].flat().map(String);
  const tests = names.map((name) => TYPES[name]);
  if (tests.includes(undefined)) throw new Error(`JSON schema type ${names.join()} is not checked: add it`);
  return (value, path) =>
    tests.some((test) => test?.(value)) ? undefined : expectedAt(path, names.join(" or "), value);
}

function checkRequired({ required, properties }: Schema): Check {
  const names = required as readonly string[];
  const typeOf = (name: string) => [(properties as Readonly<Record<string, Schema>>)[name]?.["type"]].flat();
  return (value, path) =>
    isObject(value)
      ? firstViolation(names, (name) =>
          Object.hasOwn(value, name)
            ? undefined
            : expectedAt(`${path}.${name}`, typeOf(name).join(" or "), undefined),
        )
      : undefined;
}

function checkProperties({ properties }: Schema): Check {
  const checks = Object.entries(properties as Readonly<Record<string, Schema>>).map(
    ([name, schema]) => [name, compile(schema)] as const,
  );
  return (value, path) =>
    isObject(value)
      ? firstViolation(checks, ([name, check]) =>
          Object.hasOwn(value, name) ? check(value[name], `${path}.${name}`) : undefined,
        )
      : undefined;
}

function checkAdditional({ properties, additionalProperties }: Schema): Check {
  if (additionalProperties !== false) throw new Error("additionalProperties is checked for false only");
  const known = Object.keys(properties as object);
  return (value, path) =>
    isObject(value)
      ? firstViolation(Object.keys(value), (name) =>
          known.includes(name) ? undefined : `${path}: ${unknownKey(name, known)}`,
        )
      : undefined;
}

function checkItems({ items }: Schema): Check {
  const check = compile(items as Schema);
  return (value, path) =>
    Array.isArray(value)
      ? firstViolation(value.entries(), ([index, item]) => check(item, `${path}[${index}]`))
      : undefined;
}

function checkPattern({ pattern }: Schema): Check {
  const expression = new RegExp(String(pattern), "u");
  return (value, path) =>
    typeof value !== "string" || expression.test(value)
      ? undefined
      : expectedAt(path, `text that matches ${pattern}`, value);
}

function checkMinLength({ minLength }: Schema): Check {
  const least = Number(minLength);
  return (value, path) =>
    typeof value !== "string" || [...value].length >= least
      ? undefined
      : expectedAt(path, `text of ${least} or more characters`, value);
}

function checkMinimum({ minimum }: Schema): Check {
  const least = Number(minimum);
  return (value, path) =>
    typeof value !== "number" || value >= least ? undefined : expectedAt(path, `${least} or more`, value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return TYPES["object"]?.(value) === true;
}
