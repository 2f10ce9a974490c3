import { type Job, requestRun } from "../../runtime/aws/job-run";
import { recordsOf } from "../../runtime/aws/s3-record";
import type { Clock } from "../../runtime/clock";
import { Duties } from "../../runtime/duties";
import { log } from "../../runtime/log";
import { claimRequest, forgetRequest } from "../../runtime/uploads/run-request";
import { type Registration, registerUpload, type UploadsTable } from "../../runtime/uploads/uploads";
import { readRecord } from "./read-record";

export interface UploadsTrigger {
  uploads: UploadsTable;
  job: Job;
  clock: Clock;
}

/**
 * Registers the uploads of an S3 event and asks for one run of the job when any of them is still to be
 * processed, unless that was done a moment ago. Repeating it changes nothing, so Lambda may retry the whole event.
 *
 * @throws DutiesFailedError after all records were handled, naming those that failed
 * @throws UnexpectedEventError when this is no S3 event
 */
export async function registerUploads(trigger: UploadsTrigger, event: unknown): Promise<void> {
  const duties = new Duties();
  const registrations = await Promise.all(
    recordsOf(event).map((record, index) =>
      duties.attempt(`record ${index} (${nameOf(record)})`, () => registerRecord(trigger, record)),
    ),
  );
  if (registrations.some((registration) => registration === "registered" || registration === "pending")) {
    await duties.attempt("start a run", () => askForRun(trigger));
  }
  duties.finish();
}

async function askForRun({ uploads, job, clock }: UploadsTrigger): Promise<void> {
  if (!(await claimRequest(uploads, clock.now()))) return;
  try {
    await requestRun(job);
  } catch (error) {
    await forgetRequest(uploads); // Lambda's next attempt asks again
    throw error;
  }
}

async function registerRecord(trigger: UploadsTrigger, record: unknown): Promise<Registration | "ignored"> {
  const upload = readRecord(record);
  if ("ignored" in upload) {
    log("info", "ignored a record", { reason: upload.ignored, key: upload.key });
    return "ignored";
  }
  const registration = await registerUpload(trigger.uploads, upload, "event", trigger.clock.now());
  const { key, version, size } = upload;
  log("info", "registered an upload", { registration, key, version, size });
  return registration;
}

/** Names the record in an error by its raw key: that may be the very thing that cannot be read. */
function nameOf(record: unknown): string {
  const object = (record as { s3?: { object?: { key?: unknown; versionId?: unknown } } } | null)?.s3?.object;
  return `key ${object?.key}, version ${object?.versionId}`;
}
