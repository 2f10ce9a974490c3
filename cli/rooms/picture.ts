/** An arrow of a picture, from a room or a group of rooms to another. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  /** The one file that such an import may stand in or lead to; undefined for any. */
  readonly file: string | undefined;
  /** Drawn with dots: only types are imported. */
  readonly onlyTypes: boolean;
}

export interface Picture {
  /** Rooms and groups, each with the rooms that it stands for. */
  readonly nodes: ReadonlyMap<string, readonly string[]>;
  readonly arrows: readonly Arrow[];
}

const BLOCK = /^```mermaid\n(.*?)^```/gms;
const GROUP = /^subgraph ([\w.]+)/;
const ROOM = /^[\w.]+$/;
const ARROW = /^([\w. &]+?) (-->|-\.->)(?:\|(.+)\|)? ([\w. &]+)$/;

export class PictureError extends Error {
  override readonly name = "PictureError";
}

/**
 * Reads the Mermaid flowcharts of a page: rooms, groups (`subgraph`) and arrows, a line each.
 * @throws PictureError at a line that is none of these
 */
export function readPictures(markdown: string): Picture[] {
  return [...markdown.matchAll(BLOCK)].map(([, block = ""]) => readPicture(block));
}

function readPicture(block: string): Picture {
  const lines = block.split("\n").map((line) => line.trim());
  const nodes = new Map<string, string[]>(
    lines.flatMap((line) => GROUP.exec(line)?.[1] ?? []).map((group) => [group, []]),
  );
  const open: string[] = [];
  const arrows: Arrow[] = [];
  const meet = (room: string) => {
    if (!nodes.has(room)) nodes.set(room, [room]);
    if (nodes.get(room)?.[0] !== room) return;
    for (const group of open) nodes.get(group)?.push(room);
  };
  for (const line of lines) {
    const group = GROUP.exec(line)?.[1];
    const arrow = ARROW.exec(line);
    if (line === "" || line.startsWith("flowchart ")) continue;
    if (group !== undefined) open.push(group);
    else if (line === "end") open.pop();
    else if (ROOM.test(line)) meet(line);
    else if (arrow === null) {
      throw new PictureError(`"${line}" is no room, group or arrow as cli/rooms/picture.ts reads them`);
    } else {
      const [, from = "", shaft, file, to = ""] = arrow;
      for (const name of [...names(from), ...names(to)]) meet(name);
      for (const start of names(from))
        for (const end of names(to)) arrows.push({ from: start, to: end, file, onlyTypes: shaft === "-.->" });
    }
  }
  return { nodes, arrows };
}

function names(text: string): string[] {
  return text.split("&").map((name) => name.trim());
}
