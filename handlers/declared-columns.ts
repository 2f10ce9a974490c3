import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GlueClient } from "@aws-sdk/client-glue";
import { CLIENT_SETTINGS } from "../runtime/aws/clients";
import { whenPermitted } from "../runtime/aws/when-permitted";
import { SYSTEM_CLOCK } from "../runtime/clock";
import { readVariables } from "../runtime/variables";
import { addDeclared, readDeclared } from "./declared-columns/add-declared";

const variables = readVariables("declared-columns");
const tables = {
  catalog: { client: new GlueClient(CLIENT_SETTINGS), database: variables.DATABASE },
  control: { client: new DynamoDBClient(CLIENT_SETTINGS), name: variables.CONTROL_TABLE },
  clock: SYSTEM_CLOCK,
};

/** Columns that a dataset declares → its table; called at every deploy that declares others. */
export const handler = (event: unknown): Promise<void> =>
  whenPermitted(tables.clock, () => addDeclared(tables, readDeclared(event)));
