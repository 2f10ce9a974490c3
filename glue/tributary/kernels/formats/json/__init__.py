"""Files of JSON in any form to batches of rows."""
