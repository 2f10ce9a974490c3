import { createHash } from "node:crypto";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { AUDIT_INCOMING, AUDIT_REJECTED } from "../../runtime/audit";
import type { Bucket } from "../../runtime/manifests/manifests";
import type { TrackedFile } from "../../runtime/manifests/tracking";
import { isSmokeKey } from "../../runtime/smoke";

/** Before that of any manifest that may list the version once it is sent again. */
const SEQUENCE = -1;
const ID_DIGITS = 32;

/** Puts the audit's row of a version that was turned away; as often as it is repeated, it is the same object. */
export async function auditRejected(audit: Bucket, file: TrackedFile): Promise<void> {
  if (isSmokeKey(file.key)) return;
  const row = rowOf(file);
  const hour = file.createdAt.slice(0, "yyyy-mm-ddThh".length);
  await audit.client.send(
    new PutObjectCommand({
      Bucket: audit.name,
      Key: `${AUDIT_INCOMING}${AUDIT_REJECTED}/${hour}/${row.id}.ndjson`,
      Body: `${JSON.stringify(row)}\n`,
      ContentType: "application/x-ndjson",
    }),
  );
}

/** The row that the item of the version makes, in the order and form of `tributary.objects.audit`. */
function rowOf(file: TrackedFile) {
  const { bucket, key, version, dataset = null, size, uploadedAt, createdAt, errorMessage = "" } = file;
  const names = JSON.stringify(["manifests", bucket, key, version, `rejected.${createdAt}`]);
  const [reason = "", ...message] = errorMessage.split(": ");
  return {
    id: createHash("sha256").update(names).digest("hex").slice(0, ID_DIGITS),
    // no dead letter names it
    source: null,
    ...{ dataset, bucket, key, version, status: "quarantined", sequence: SEQUENCE },
    ...{ rows: null, dead_letters: null, first_line: null, first_column: null, first_reason: null },
    ...{ bytes_in: size, bytes_out: null, uploaded_at: time(uploadedAt), changed_at: time(createdAt) },
    ...{ seconds: null, run: "", unit: null, outputs: [], reason, message: message.join(": ") },
  };
}

/** Timestamp as the readers of JSON in Athena take one: UTC, milliseconds, without a zone. */
function time(iso: string): string {
  return new Date(iso).toISOString().replace("T", " ").replace("Z", "");
}
