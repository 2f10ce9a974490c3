import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { forwardAlerts } from "../../../handlers/alert-forwarder/forward-alerts";

const KEY = "a-key-that-nobody-may-see";
const NOTIFICATION = {
  Type: "Notification",
  MessageId: "22b80b92",
  TopicArn: "arn:aws:sns:us-east-1:333333333333:tributary-prod-alerts",
  Subject: "ALARM",
  Message: '{"AlarmName":"tributary-prod-other-rows"}',
  Timestamp: "2026-11-30T12:00:00.000Z",
  SignatureVersion: "1",
  Signature: "EXAMPLE",
  SigningCertUrl: "https://sns.us-east-1.amazonaws.com/certificate.pem",
  UnsubscribeUrl: "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
  MessageAttributes: {},
};
const EVENT = { Records: [{ EventSource: "aws:sns", Sns: NOTIFICATION }] };

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Secrets by their names. */
class Secrets extends SecretsManagerClient {
  constructor(private readonly values: Readonly<Record<string, string>>) {
    super({ region: "us-east-1" });
  }

  override async send(command: object): Promise<never> {
    const { SecretId = "" } = (command as GetSecretValueCommand).input;
    return { SecretString: this.values[SecretId] } as never;
  }
}

let received: Received[];
let statuses: number[];
let close: () => void;
beforeEach(async () => {
  received = [];
  statuses = [];
  const server = createServer(async (request, response) => {
    received.push({ path: request.url ?? "", headers: request.headers, body: await text(request) });
    response.writeHead(statuses.shift() ?? 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const original = fetch;
  // the services speak HTTPS; the one of this test has no certificate
  jest
    .spyOn(globalThis, "fetch")
    .mockImplementation((address, options) =>
      original(String(address).replace("https://pager.test", `http://127.0.0.1:${port}`), options),
    );
  close = () => server.close();
});
afterEach(() => {
  jest.restoreAllMocks();
  close();
});

function forward(values: Readonly<Record<string, string>>, event: unknown = EVENT): Promise<void> {
  return forwardAlerts({ secrets: new Secrets(values), names: Object.keys(values) }, event);
}

describe("the alert forwarder", () => {
  test("posts what SNS would, signature included, to each service", async () => {
    await forward({ first: `https://pager.test/${KEY}`, second: "https://pager.test/other\n" });
    expect(received.map(({ path }) => path).sort()).toEqual([`/${KEY}`, "/other"]);
    const { SigningCertUrl, UnsubscribeUrl, ...same } = NOTIFICATION;
    for (const { headers, body } of received) {
      expect(headers).toMatchObject({
        "content-type": "text/plain; charset=UTF-8",
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": "22b80b92",
        "x-amz-sns-topic-arn": NOTIFICATION.TopicArn,
      });
      expect(JSON.parse(body)).toEqual({
        ...same,
        SigningCertURL: SigningCertUrl,
        UnsubscribeURL: UnsubscribeUrl,
      });
    }
  });

  test("tells every service where one refuses, then fails by the secret's name alone", async () => {
    statuses = [503];
    const error = await forward({ first: `https://pager.test/${KEY}`, second: "https://pager.test/b" }).catch(
      (thrown: Error) => thrown,
    );
    expect(received).toHaveLength(2);
    expect(String(error)).toMatch(/the pager service of secret (first|second) did not take .*: status 503/);
    expect(String(error)).not.toContain(KEY);
  });

  test("says no address that it cannot reach", async () => {
    close();
    const error = await forward({ first: `https://pager.test/${KEY}` }).catch((thrown: Error) => thrown);
    expect(String(error)).toContain("secret first");
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(KEY);
  });

  test.each(["", KEY, `http://pager.test/${KEY}`])(
    "refuses the secret %j, and does not say it",
    async (value) => {
      const error = await forward({ first: value }).catch((thrown: Error) => thrown);
      expect(String(error)).toContain("secret first: expected the address of a pager service");
      expect(String(error)).not.toContain(KEY);
      expect(received).toEqual([]);
    },
  );

  test.each([{}, null, { Records: [] }, { Records: [{ s3: {} }] }])("refuses the event %j", async (event) => {
    await expect(forward({ first: "https://pager.test/" }, event)).rejects.toThrow("notifications of SNS");
  });
});
