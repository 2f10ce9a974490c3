/**
 * Returns a part of a stack that only some pipelines need.
 *
 * @throws Error where none of them is on: who asks for it belongs to none that is
 */
export function partOfPipeline<Part>(part: Part | undefined, name: string): Part {
  if (part === undefined) throw new Error(`${name} is not deployed: expected a pipeline that needs it`);
  return part;
}
