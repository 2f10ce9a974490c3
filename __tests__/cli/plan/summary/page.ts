import MarkdownIt from "markdown-it";

/** Tables, code and headings as GitHub shows them. */
const STYLE = `
body { font: 14px/1.5 system-ui, sans-serif; margin: 24px auto; padding: 0 16px; max-width: 1100px; color: #1f2328; background: #fff; }
h2 { font-size: 21px; border-bottom: 1px solid #d1d9e0; padding-bottom: 6px; }
h3 { font-size: 17px; margin: 20px 0 12px; }
table { border-collapse: collapse; display: block; width: max-content; max-width: 100%; overflow: auto; }
th, td { border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left; overflow-wrap: break-word; }
tr:nth-child(2n) { background: #f6f8fa; }
code { font: 85% ui-monospace, monospace; background: #818b981f; border-radius: 6px; padding: 2px 5px; }
details { margin: 12px 0; }
summary { cursor: pointer; }
`;

/** Page that shows Markdown as GitHub shows a comment. */
export function pageOf(markdown: string): string {
  const body = new MarkdownIt({ html: true, linkify: true }).render(markdown);
  return `<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Plan</title>\n<style>${STYLE}</style>\n${body}</html>\n`;
}
