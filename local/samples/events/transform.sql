-- Events, row by row. `input` has the declared columns with their types (null where a line lacks the key), `line`,
-- and where a row came from; undeclared keys are kept beside what this returns.
SELECT
  line,
  event_id,
  event_time,
  user_id,
  CASE WHEN refund THEN -amount ELSE amount END AS amount,
  upper(currency) AS currency,
  -- Null where `items` is no array, and so no error, which would be one of the whole file.
  CASE WHEN TRY(json_type(items)) = 'ARRAY' THEN json_array_length(items)::BIGINT END AS item_count,
  items,
  _source_file AS source_file,
  _source_line AS source_line,
  strftime(event_time, '%Y') AS year,
  strftime(event_time, '%m') AS month,
  mode
FROM input
