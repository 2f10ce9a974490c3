-- Customers, row by row. `input` has the declared columns as text (null where the file lacks the column) and
-- `line`, the physical line number; docs/datasets.md lists the functions and variables.
WITH parsed AS (
  SELECT
    line,
    id,
    nullif(name, '') AS name,
    email,
    is_email(email) AS email_valid,
    nullif(date, '') AS date_text,
    to_date(date) AS date,
    nullif(amount, '') AS amount_text,
    to_amount(amount) AS amount,
    nullif(status, '') AS status
  FROM input
)
SELECT
  line,
  id,
  name,
  email,
  email_valid,
  date,
  amount,
  CASE WHEN amount < 100 THEN 'low' WHEN amount < 200 THEN 'medium' WHEN amount >= 200 THEN 'high' END
    AS amount_category,
  status,
  nullif(concat_ws('; ',
    CASE WHEN coalesce(id, '') = '' THEN 'missing id' END,
    CASE WHEN name IS NULL THEN 'missing name' END,
    CASE WHEN coalesce(email, '') = '' THEN 'missing email' WHEN NOT email_valid THEN 'invalid email' END,
    CASE WHEN date_text IS NULL THEN 'missing date' WHEN date IS NULL THEN 'invalid date' END,
    CASE WHEN amount_text IS NULL THEN 'missing amount' WHEN amount IS NULL THEN 'invalid amount' END,
    CASE WHEN status IS NULL THEN 'missing status' END
  ), '') AS data_quality_issues,
  getvariable('processing_date') AS processing_date,
  getvariable('source_file') AS source_file
FROM parsed;

-- What needs the whole file: `rows` is the result above. Rows without a date come last in their status, rows
-- without an amount leave the total as it is.
SELECT
  line,
  sum(amount) OVER (
    PARTITION BY status ORDER BY date NULLS LAST, line ROWS UNBOUNDED PRECEDING
  ) AS running_total_by_status
FROM rows
ORDER BY line;
