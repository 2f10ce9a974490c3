-- Rows of a smoke test as they were sent.
SELECT line, label, number, text, 'smoke' AS kind FROM input
