/**
 * Replaces `@smithy/core/event-streams` in a bundle: the S3 client brings it along for SelectObjectContent,
 * 20 KB that no function calls.
 */

/** Returns the client's settings unchanged. */
export const resolveEventStreamSerdeConfig = <Config>(config: Config): Config => config;

/** Never called: only an operation with an event stream would ask for it. */
export const eventStreamSerdeProvider = (): object => new EventStreamSerde();

/** @throws Error always */
export class EventStreamSerde {
  constructor() {
    throw new Error(
      "this bundle has no event streams: drop the alias of @smithy/core/event-streams to use them",
    );
  }
}
