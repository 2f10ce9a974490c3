import type { Arrow, Picture } from "./picture";
import type { Code, Import } from "./read-imports";
import { TEACHINGS } from "./teachings";

/** One picture of the rules, and which room of it a file stands in; undefined for one that it does not show. */
export interface Level {
  readonly picture: Picture;
  readonly roomOf: (file: string) => string | undefined;
}

/**
 * Compares the code with a picture of its rooms, which must show each import between two of them, and no more; the
 * picture itself must have no circle.
 */
export function problemsOf(code: Code, level: Level): string[] {
  return [...roomProblems(code, level), ...importProblems(code, level), ...circleProblems(level)];
}

function roomProblems({ files }: Code, { picture, roomOf }: Level) {
  const rooms = new Set(files.map(roomOf).filter((room) => room !== undefined));
  const drawn = new Set([...picture.nodes.values()].flat());
  const [missing, empty] = [
    [...rooms].filter((room) => !drawn.has(room)),
    [...drawn].filter((room) => !rooms.has(room)),
  ];
  const silent = [...drawn].filter((room) => !(room in TEACHINGS));
  return [
    ...missing.map((room) => `${room} has code and is not drawn: draw it, with its arrows`),
    ...empty.map((room) => `${room} is drawn and has no code: take it out`),
    ...silent.map(
      (room) =>
        `${room} is drawn and has no entry in cli/rooms/teachings.ts: say what to do instead of importing it`,
    ),
  ];
}

function importProblems({ imports }: Code, { picture, roomOf }: Level): string[] {
  const used = new Set<Arrow>();
  const refused = imports.flatMap((each) => {
    const [from, to] = [roomOf(each.from), roomOf(each.to)];
    if (from === undefined || to === undefined || from === to) return [];
    const arrows = picture.arrows.filter(
      (arrow) => picture.nodes.get(arrow.from)?.includes(from) && picture.nodes.get(arrow.to)?.includes(to),
    );
    const arrow = arrows.find((candidate) => allows(candidate, each));
    if (arrow === undefined) return [refusal(each, from, to, arrows[0])];
    used.add(arrow);
    return [];
  });
  const unused = picture.arrows.filter((arrow) => !used.has(arrow));
  return [
    ...refused,
    ...unused.map(({ from, to }) => `the arrow ${from} → ${to} is drawn and no import needs it: take it out`),
  ];
}

function circleProblems({ picture: { nodes, arrows } }: Level): string[] {
  const leads = (from: string, to: string) =>
    arrows.some((arrow) => nodes.get(arrow.from)?.includes(from) && nodes.get(arrow.to)?.includes(to));
  let left = [...new Set([...nodes.values()].flat())];
  let before: number;
  do {
    before = left.length;
    // a room of a circle has an arrow from and to another room of it
    const rooms = left;
    left = rooms.filter(
      (room) => rooms.some((other) => leads(room, other)) && rooms.some((other) => leads(other, room)),
    );
  } while (left.length < before);
  if (left.length === 0) return [];
  return [
    `the arrows between ${left.join(", ")} go round in a circle: let one of them take as an argument what it imports`,
  ];
}

function allows({ file, onlyTypes }: Arrow, { from, to, onlyTypes: isType }: Import): boolean {
  return (file === undefined || file === from || file === to) && (!onlyTypes || isType);
}

function refusal(
  { from: file, line, to: target }: Import,
  from: string,
  to: string,
  narrow: Arrow | undefined,
): string {
  const drawn = narrow
    ? `drawn for ${narrow.onlyTypes ? "types of " : ""}${narrow.file ?? "any file"} alone`
    : "not drawn";
  return [
    `${file}:${line} imports ${target}: ${from} → ${to} is ${drawn}`,
    `  ${from}: ${TEACHINGS[from]?.asImporter ?? "is not drawn"}`,
    `  ${to}: ${TEACHINGS[to]?.asImported ?? "is not drawn"}`,
  ].join("\n");
}
