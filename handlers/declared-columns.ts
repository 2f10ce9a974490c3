import { GlueClient } from "@aws-sdk/client-glue";
import { CLIENT_SETTINGS } from "../runtime/aws/clients";
import { SYSTEM_CLOCK } from "../runtime/clock";
import { readVariables } from "../runtime/variables";
import { addDeclared, readDeclared } from "./declared-columns/add-declared";

const variables = readVariables("declared-columns");
const catalog = { client: new GlueClient(CLIENT_SETTINGS), database: variables.DATABASE };

/** Columns that a dataset declares → its table; called at every deploy that declares others. */
export const handler = (event: unknown): Promise<void> =>
  addDeclared(catalog, SYSTEM_CLOCK, readDeclared(event));
