import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CLIENT_SETTINGS } from "../runtime/aws/clients";
import { readVariables } from "../runtime/variables";
import { forwardAlerts } from "./alert-forwarder/forward-alerts";

const variables = readVariables("alert-forwarder");

const forwarder = {
  secrets: new SecretsManagerClient(CLIENT_SETTINGS),
  names: JSON.parse(variables.PAGER_SECRETS) as string[],
};

/** Notification of the alert topic → pager services, whose addresses are secrets. */
export const handler = (event: unknown): Promise<void> => forwardAlerts(forwarder, event);
