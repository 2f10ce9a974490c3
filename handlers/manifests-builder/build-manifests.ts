import type { BatchResponse, Message } from "../../runtime/aws/queue-messages";
import type { Builder, Invocation } from "./builder";
import { supersedeFile } from "./claim";
import { commitProposal } from "./commit-proposal";
import { Failures } from "./failures";
import { limiter } from "./limiter";
import { ManifestStore } from "./manifest-store";
import { plan } from "./plan";
import { quarantineFile } from "./quarantine-file";
import { retrying } from "./retry";
import { Tally } from "./tally";

/**
 * Number of files in work concurrently, each with one call at most: as many as one core handles at some 5 ms
 * a call.
 */
export const AT_ONCE = 64;

/**
 * Writes manifests of the files that a batch of messages announces and returns the messages that must come
 * back. Repeating it, even concurrently, changes nothing: docs/manifests-pipeline.md has the protocol.
 */
export async function buildManifests(
  builder: Builder,
  messages: readonly Message[],
  remainingMs: () => number,
): Promise<BatchResponse> {
  const invocation = begin(builder, remainingMs);
  const failures = new Failures();
  const {
    proposals,
    superseded,
    quarantines,
    failures: unread,
  } = plan(messages, builder.settings, builder.clock.now());
  for (const { messageId, error } of unread) failures.add([messageId], error);
  await Promise.all(proposals.map((proposal) => commitProposal(invocation, proposal, failures)));
  await Promise.all(
    superseded.map((file) =>
      failures.guard(file.messages, () => invocation.limit(() => supersedeFile(invocation, file))),
    ),
  );
  // last: however long copies take, they take no time from files that are published
  await Promise.all(
    quarantines.map((quarantine) =>
      failures.guard(quarantine.file.messages, () =>
        invocation.limit(() => quarantineFile(invocation, quarantine)),
      ),
    ),
  );
  const failed = failures.report();
  invocation.tally.count("MessagesFailed", failed.length);
  invocation.tally.emit(builder.metrics, messages.length);
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

function begin(builder: Builder, remainingMs: () => number): Invocation {
  const retry = retrying(builder.clock);
  const store = new ManifestStore(builder.manifests, retry);
  return { ...builder, remainingMs, retry, store, limit: limiter(AT_ONCE), tally: new Tally() };
}
