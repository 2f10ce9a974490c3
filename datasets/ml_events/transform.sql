-- Events, row by row. `input` has the declared columns with their types (null where an event lacks them), `line`,
-- and where a row came from; undeclared keys are kept beside what this returns.
SELECT
  line,
  record_id,
  event_time_utc,
  event_timestamp,
  ml_mode,
  app_version,
  user_agent,
  transaction_id,
  transaction_items,
  metadata,
  payload,
  's3://' || _source_bucket || '/' || _source_file AS source_s3_path,
  _source_version AS source_version,
  _source_line AS source_line,
  strftime(event_time_utc, '%Y') AS year,
  strftime(event_time_utc, '%m') AS month,
  strftime(event_time_utc, '%d') AS day,
  lower(trim(ml_mode)) AS mode
FROM input
