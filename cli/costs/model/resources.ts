/**
 * Prices of resources by the attributes that decide them: of settings for the model, of Terraform's values for a plan. So
 * both say the same.
 */
import { MONTH_HOURS } from "../../../environments/schema";
import { DPUS } from "../../../runtime/prices/glue";
import { PRICES, SERVER_PRICES } from "../../../runtime/prices/table";
import { type Amount, many, priced, sum } from "./amount";

/** Workers of a job that runs day and night. */
export interface Workers {
  readonly type: string;
  readonly number: number;
}

export interface Server {
  readonly instanceClass: string;
  readonly multiZone: boolean;
  readonly storageGigabytes: number;
  readonly backupDays: number;
}

/**
 * Share of the storage's size that backups take beyond it for each day that they are kept: half of it in five weeks. An
 * assumption, for it follows what changes.
 */
const BACKUP_SHARE = 1 / 70;

export function keys(number: number): Amount {
  return priced(PRICES.key, many(number, "key"));
}

export function alarms(number: number): Amount {
  return priced(PRICES.alarm, many(number, "alarm"));
}

export function dashboard(): Amount {
  return priced(PRICES.dashboard, [1, "dashboard"]);
}

export function secret(): Amount {
  return priced(PRICES.secret, [1, "secret"]);
}

export function natGateways(number: number): Amount {
  return priced(PRICES.natGateway, many(number, "gateway"), [MONTH_HOURS, "h"]);
}

export function publicAddresses(number: number): Amount {
  return priced(PRICES.publicAddress, [number, number === 1 ? "address" : "addresses"], [MONTH_HOURS, "h"]);
}

export function interfaceEndpoints(services: number, zones: number): Amount {
  return priced(PRICES.interfaceEndpoint, many(services, "service"), many(zones, "zone"), [MONTH_HOURS, "h"]);
}

/** Cost of a job that never ends; undefined for a type of worker that the table does not know. */
export function streamingJob({ type, number }: Workers): Amount | undefined {
  const dpus = DPUS[type];
  if (dpus === undefined) return undefined;
  const { dollars, text } = priced(PRICES.glueHour, [dpus * number, "DPU"], [MONTH_HOURS, "h"]);
  return { dollars, text: `${number} workers ${type} = ${text}` };
}

/** Cost of a managed server's machines; undefined for a class that the table does not know. */
export function serverMachines({ instanceClass, multiZone }: Server): Amount | undefined {
  const price = SERVER_PRICES[instanceClass];
  return price === undefined ? undefined : priced(price, many(multiZone ? 2 : 1, "zone"), [MONTH_HOURS, "h"]);
}

export function serverStorage({ multiZone, storageGigabytes }: Server): Amount {
  return priced(PRICES.serverStorage, many(multiZone ? 2 : 1, "zone"), [storageGigabytes, "GB"]);
}

export function serverBackups({ storageGigabytes, backupDays }: Server): Amount {
  const beyond = storageGigabytes * backupDays * BACKUP_SHARE;
  return priced(PRICES.serverBackup, [beyond, "GB beyond the storage's size"]);
}

/** Cost of a managed server with its secret; undefined for a class that the table does not know. */
export function managedServer(server: Server): Amount | undefined {
  const machines = serverMachines(server);
  return machines && sum(machines, serverStorage(server), serverBackups(server), secret());
}
