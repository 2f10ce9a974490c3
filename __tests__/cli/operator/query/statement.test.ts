import { describe, expect, test } from "@jest/globals";
import { readStatement } from "../../../../cli/operator/query/statement";

describe("a statement", () => {
  test.each([
    ["SELECT 1", "SELECT"],
    ["select 1;\n", "SELECT"],
    ["-- DROP TABLE t;\n/* INSERT; */ (SELECT 1) UNION (SELECT 2)", "SELECT"],
    ["WITH x AS (SELECT 1) SELECT * FROM x", "WITH"],
    ["SELECT ';', \"a;b\", 'it''s; DROP'", "SELECT"],
    ["SHOW TABLES", "SHOW"],
    ["DESCRIBE `a;b`", "DESCRIBE"],
    ["EXPLAIN INSERT INTO t SELECT 1", "EXPLAIN"],
    ["EXPLAIN ANALYZE (FORMAT JSON) SELECT 1", "SELECT"],
    ["VALUES 1", "VALUES"],
  ])("reads: %s", (sql, word) => {
    expect(readStatement(sql)).toEqual({ word, reads: true });
  });

  test.each([
    ["insert into t select 1", "INSERT"],
    ["/* SELECT */ DROP TABLE t", "DROP"],
    ["-- SELECT\nUNLOAD (SELECT 1) TO 's3://b/'", "UNLOAD"],
    ["-- SELECT\rDELETE FROM t", "DELETE"],
    ["CREATE TABLE t AS SELECT 1", "CREATE"],
    ["MSCK REPAIR TABLE t", "MSCK"],
    ["EXECUTE prepared", "EXECUTE"],
    ["EXPLAIN ANALYZE INSERT INTO t SELECT 1", "INSERT"],
    ["explain /* it */ analyze (format json) delete from t", "DELETE"],
  ])("changes something: %s", (sql, word) => {
    expect(readStatement(sql)).toEqual({ word, reads: false });
  });

  test.each([
    ["SELECT 1; DROP TABLE t", "expected one statement, got several"],
    ["SELECT 'open; DROP TABLE t", "expected one statement, got several"],
    ["-- nothing", 'expected a statement such as SELECT 1, got "-- nothing"'],
    ["", 'expected a statement such as SELECT 1, got ""'],
  ])("is not: %s", (sql, message) => {
    expect(() => readStatement(sql)).toThrow(message);
  });
});
