-- Rows of a smoke test as they were sent.
SELECT line, label, CAST(number AS BIGINT) AS number, text FROM input
