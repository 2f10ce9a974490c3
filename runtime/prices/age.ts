import { DAY_MS } from "../clock";
import { allPrices } from "./table";

/** Days after which a price is to be compared with its source again. */
const MOST_DAYS = 180;

/** Day on which the price that was looked at longest ago was compared with its source. */
export function oldestPriceDate(): string {
  return allPrices()
    .map(({ date }) => date)
    .toSorted()[0] as string;
}

/** Warning, in a line, where prices were not looked at for longer than that. */
export function oldPricesWarning(now: Date): string | undefined {
  const date = oldestPriceDate();
  const days = Math.floor((now.getTime() - Date.parse(date)) / DAY_MS);
  return days > MOST_DAYS
    ? `prices of ${date} are ${days} days old: compare runtime/prices/table.ts with its sources`
    : undefined;
}
