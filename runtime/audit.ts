/** Prefixes of the audit in the bucket of the tables, which jobs, a function and the catalog share. */

/** All of it. */
export const AUDIT_PREFIX = "audit/";
/** Rows as jobs write them, `tributary.objects.audit` in Python, until they are merged. */
export const AUDIT_INCOMING = `${AUDIT_PREFIX}incoming/`;
/** Folder there of the manifest builder: rows of the pipeline manifests, of what it turns away. */
export const AUDIT_REJECTED = "rejected";
/** Merged rows of files, an object a pipeline and hour. */
export const AUDIT_FILES = `${AUDIT_PREFIX}files/`;
/** Runs of the jobs, an object a job and day. */
export const AUDIT_RUNS = `${AUDIT_PREFIX}runs/`;
