/** Colours of a scheme: text on surfaces has a contrast of 4.5 at least. */
export type Colours = Readonly<Record<(typeof NAMES)[number], string>>;

const NAMES = [
  "page",
  "surface",
  "raised",
  "border",
  "text",
  "muted",
  "rows",
  "letters",
  "whole",
  "lost",
] as const;

export const LIGHT: Colours = {
  page: "#f6f7f9",
  surface: "#ffffff",
  raised: "#f1f3f6",
  border: "#d9dee6",
  text: "#16202e",
  muted: "#55617a",
  rows: "#0b65b0",
  letters: "#96560a",
  whole: "#6b4bab",
  lost: "#b42318",
};

export const DARK: Colours = {
  page: "#0f141b",
  surface: "#171e28",
  raised: "#1e2733",
  border: "#303b4b",
  text: "#e4e9f0",
  muted: "#9aa7ba",
  rows: "#6cb2f5",
  letters: "#e8ac55",
  whole: "#b9a0f0",
  lost: "#ff8b80",
};

function variables(colours: Colours): string {
  return NAMES.map((name) => `--${name}:${colours[name]}`).join(";");
}

export const STYLE = `
:root{color-scheme:light dark;${variables(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${variables(DARK)}}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
body{margin:0;overflow-wrap:anywhere;background:var(--page);color:var(--text);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main,.top{max-width:1360px;margin:0 auto;padding:0 40px}
a{color:var(--rows);text-underline-offset:3px}
a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--rows);outline-offset:2px;border-radius:4px}
.skip{position:absolute;left:-999px}
.skip:focus{left:16px;top:8px;padding:6px 12px;background:var(--surface);z-index:1}
.top{padding-top:40px}
.over,.under{margin:0;color:var(--muted);font-size:13px}
h1{margin:6px 0;font-size:30px;line-height:1.2;letter-spacing:-.015em;font-weight:650}
h1{border-left:5px solid var(--rows);padding-left:14px}
.unaccounted h1,.failed h1,.unanswered h1{border-color:var(--lost)}
.interrupted h1{border-color:var(--letters)}
h2{margin:52px 0 14px;font-size:20px;line-height:1.3;letter-spacing:-.01em;font-weight:650}
h3{margin:26px 0 10px;font-size:15px;font-weight:650}
h3 small,h4 small{font-weight:400;color:var(--muted);margin-left:6px;font-size:13px}
h4{margin:18px 0 8px;font-size:14px;font-weight:600}
p{margin:8px 0;max-width:82ch}
.lead{color:var(--muted)}
nav ul{display:flex;flex-wrap:wrap;gap:4px 20px;margin:20px 0 0;padding:12px 0 0;list-style:none;border-top:1px solid var(--border);font-size:14px}
nav a{text-decoration:none}
nav a:hover{text-decoration:underline}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(132px,1fr));gap:1px;margin:24px 0 0;background:var(--border);border:1px solid var(--border);border-radius:10px;overflow:hidden}
.tiles div{background:var(--surface);padding:14px 18px}
.tiles dt{color:var(--muted);font-size:13px}
.tiles dd{margin:0;font-size:24px;line-height:1.3;font-weight:600;letter-spacing:-.01em;font-variant-numeric:tabular-nums}
.tiles .letters dd{color:var(--letters)}.tiles .whole dd{color:var(--whole)}.tiles .lost dd{color:var(--lost)}.tiles .rows dd{color:var(--rows)}
code,pre,.code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:12.5px}
pre{margin:6px 0 0;padding:8px 12px;background:var(--raised);border-radius:6px;white-space:pre-wrap;line-height:1.5}
.error{border-left:3px solid var(--lost)}
figure,.card,.scroll,details{background:var(--surface);border:1px solid var(--border);border-radius:10px}
figure{margin:0;padding:26px 24px 14px}
figcaption{margin-top:18px;color:var(--muted);font-size:13px}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--text);font-size:14px}
.flow .narrow{display:none}
.flow .frame{fill:var(--raised);stroke:var(--border)}
.flow .node{fill:var(--surface);stroke:var(--border);stroke-width:1.2}
.flow .title{font-weight:650;font-size:15px}
.flow .name{font-weight:600;font-size:13.5px}
.flow .note{fill:var(--muted);font-size:12px}
.flow .count{font-size:13px;font-weight:600;font-variant-numeric:tabular-nums}
.flow .arrow{fill:none;stroke:var(--muted);stroke-width:1.5}
.flow .arrow.rows{stroke:var(--rows);stroke-width:2}.flow .arrow.letters{stroke:var(--letters);stroke-width:2}
.flow .arrow.whole{stroke:var(--whole);stroke-width:2}.flow .arrow.lost{stroke:var(--lost);stroke-width:2}
.flow .arrow.none{stroke:var(--border)}
.flow .node.rows{stroke:var(--rows)}.flow .node.letters{stroke:var(--letters)}.flow .node.whole{stroke:var(--whole)}.flow .node.lost{stroke:var(--lost)}
.flow .count.rows{fill:var(--rows)}.flow .count.letters{fill:var(--letters)}.flow .count.whole{fill:var(--whole)}.flow .count.lost{fill:var(--lost)}
.flow .count.none{fill:var(--muted);font-weight:400}
.scroll{overflow-x:auto;margin:10px 0;background:linear-gradient(to right,var(--surface) 50%,transparent) local,linear-gradient(to left,var(--surface) 50%,transparent) right/50% local,linear-gradient(to right,var(--border),transparent 10px),linear-gradient(to left,var(--border),transparent 10px),var(--surface)}
table{border-collapse:collapse;overflow-wrap:break-word;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:10px 14px 8px;font-size:13px;color:var(--muted)}
caption span{display:inline-block;position:sticky;left:14px;max-width:min(110ch,calc(100vw - 66px))}
th,td{padding:6px 14px;text-align:left;vertical-align:top;white-space:nowrap;border-top:1px solid var(--border);font-weight:400}
thead th,thead th.code{color:var(--muted);font-family:inherit;font-size:12.5px;border-top:0;border-bottom:1px solid var(--border)}
tbody tr:first-child th,tbody tr:first-child td{border-top:0}
tbody tr:hover{background:var(--raised)}
.fit .scroll{width:fit-content;max-width:100%}
.number{text-align:right}
tr.sum th,tr.sum td{font-weight:600}
tr.part th{padding-left:30px}
td.code,th.code{max-width:560px;white-space:normal;overflow-wrap:anywhere}
.code{min-width:16ch}
td.bar{width:22%;min-width:96px}
.span{height:10px;margin-top:6px;background:var(--raised);border-radius:2px}
.span rect{fill:var(--rows)}
.span.failed rect{fill:var(--lost)}
.span .letters{fill:var(--letters)}.span .lost{fill:var(--lost)}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 0 8px;padding:0;list-style:none;font-size:13px;color:var(--muted)}
.legend li::before{content:"";display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:7px;background:var(--rows)}
.legend .letters::before{background:var(--letters)}.legend .lost::before{background:var(--lost)}
.status-letters{color:var(--letters)}.status-whole{color:var(--whole)}.status-lost{color:var(--lost)}
.status-none{color:var(--muted)}
.cut,.none{color:var(--muted);font-size:13px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));gap:16px;margin-bottom:16px}
.card{padding:16px 18px;overflow:hidden}
.card h3{margin:0 0 10px}
.plot{max-width:460px}
.plot .area{fill:var(--rows);opacity:.13}
.plot .line{fill:none;stroke:var(--rows);stroke-width:1.8;stroke-linejoin:round}
.plot .bar{fill:var(--rows);opacity:.75}
.plot .axis{stroke:var(--border)}
.plot .grid{stroke:var(--border);stroke-dasharray:2 4}
.plot .tick{fill:var(--muted);font-size:12.5px;font-variant-numeric:tabular-nums}
.plot .at{fill:var(--text);opacity:0}
.plot .at:hover{opacity:.08}
details{margin:10px 0;padding:0 16px}
summary{padding:10px 0;cursor:pointer;font-size:14px}
summary b{font-weight:600}
summary .of{color:var(--muted)}
details[open]{padding-bottom:12px}
details .scroll{border-width:1px 0 0;border-radius:0;margin:0 -16px}
.card details{border-width:1px 0 0;border-radius:0;margin:12px -18px -16px;padding:0 18px}
.card details .scroll{margin:0 -18px}
.card summary{font-size:13px;color:var(--muted)}
.letters-list{margin:0;padding:0;list-style:none}
.letters-list li{padding:9px 0;border-top:1px solid var(--border);font-size:13.5px}
.sql{margin:18px 0 0}
footer{margin:56px 0 40px;padding-top:16px;border-top:1px solid var(--border);color:var(--muted);font-size:13px}
@media (max-width:760px){
main,.top{padding:0 16px}.top{padding-top:24px}
h1{font-size:24px}h2{margin-top:40px}
figure{padding:16px 15px 10px}
.flow .wide{display:none}.flow .narrow{display:block;max-width:360px;margin:0 auto}
.tiles{grid-template-columns:repeat(2,1fr)}.tiles div{padding:10px 14px}.tiles dd{font-size:20px}.tiles div:last-child{grid-column:1/-1}
th.text,td.code{white-space:normal}
th,td{padding:6px 12px}caption{padding:10px 12px 8px}
}
@media print{.skip,nav{display:none}body{background:none}}
`;
