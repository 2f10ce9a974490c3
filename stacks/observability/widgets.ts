/** Widgets of a CloudWatch dashboard, two in a row. */

/** Namespace, name, then dimensions by name and value; last what differs from the widget, such as another `stat`. */
export type Metric = readonly (string | Readonly<Record<string, string>>)[];

export interface Widget {
  readonly title: string;
  /** Statistic of CloudWatch for every metric that names none. */
  readonly stat: "Average" | "Maximum" | "Sum";
  readonly metrics: readonly Metric[];
}

const HALF = 12;
const HEIGHT = 6;

export function widget(title: string, stat: Widget["stat"], metrics: readonly Metric[]): Widget {
  return { title, stat, metrics };
}

/** Body of a dashboard with these widgets in their order. */
export function dashboardOf(widgets: readonly Widget[], region: string): string {
  return JSON.stringify({ widgets: widgets.map((each, index) => place(each, index, region)) });
}

function place(content: Widget, index: number, region: string) {
  return {
    type: "metric",
    x: (index % 2) * HALF,
    y: Math.floor(index / 2) * HEIGHT,
    width: HALF,
    height: HEIGHT,
    properties: { ...content, region, view: "timeSeries", period: 300 },
  };
}
