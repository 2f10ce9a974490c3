//! The rows of a batch: records read into columns, one a top-level key.

const std = @import("std");
const arrow = @import("arrow.zig");
const json = @import("json.zig");
const keys = @import("keys.zig");
const memory = @import("memory.zig");
const utf8 = @import("utf8.zig");

const Column = @import("column.zig").Column;
const Buffer = memory.Buffer;
const OutOfMemory = memory.OutOfMemory;

pub const RecordError = json.Error || error{ NotAnObject, DuplicateKey, TooManyKeys, BatchFull, OutOfMemory };

pub const Rows = struct {
    count: u32 = 0,
    table: keys.Table,
    most_cells: u64,
    /// Which brackets are open; its length is how many may be.
    stack: Buffer(u8) = .{},
    /// A key without its escapes.
    scratch: Buffer(u8) = .{},
    /// Keys of the columns, in the order first seen in the batch.
    columns: Buffer(u32) = .{},
    /// Numbers of the batch and of the record at hand, both from 1.
    batch: u64 = 1,
    record: u64 = 0,
    /// Keys of that record; how many were known, and how many columns there were, before it.
    touched: Buffer(u32) = .{},
    known: u32 = 0,
    shown: usize = 0,

    pub fn init(table: keys.Table, depth: u64, most_cells: u64) OutOfMemory!Rows {
        var rows: Rows = .{ .table = table, .most_cells = most_cells };
        try rows.stack.resize(depth);
        return rows;
    }

    pub fn free(rows: *Rows) void {
        rows.table.free();
        inline for (.{ &rows.stack, &rows.scratch }) |buffer| buffer.free();
        inline for (.{ &rows.columns, &rows.touched }) |buffer| buffer.free();
    }

    /// Put the record `buffer[start..end]`, whose first token is at `first`, into the columns as one row more.
    /// On an error nothing of it is left there; `BatchFull` asks for the record again in the next batch.
    pub fn read(
        rows: *Rows,
        buffer: []const u8,
        first: usize,
        start: usize,
        end: usize,
        ascii: bool,
    ) RecordError!void {
        rows.record += 1;
        rows.touched.len = 0;
        rows.known = rows.table.count();
        rows.shown = rows.columns.len;
        errdefer rows.undo();
        if (!ascii and !utf8.isUtf8(buffer, start, end)) return error.InvalidUtf8;
        const stack = rows.stack.items();
        if (buffer[first] != '{') {
            const after = try json.skipValue(buffer, first, stack, 0);
            return if (json.skipSpace(buffer, after) == end) error.NotAnObject else error.NotJson;
        }
        if (stack.len == 0) return error.TooDeep;
        var at = json.skipSpace(buffer, first + 1);
        var previous: u32 = keys.before_first;
        if (buffer[at] == '}') {
            at += 1;
        } else while (true) {
            if (buffer[at] != '"') return error.NotJson;
            const key = try rows.readKey(buffer, &at, previous);
            at = json.skipSpace(buffer, at);
            if (buffer[at] != ':') return error.NotJson;
            at = try rows.readValue(buffer, json.skipSpace(buffer, at + 1), &rows.table.keys.items()[key].column);
            previous = key;
            at = json.skipSpace(buffer, at);
            const separator = buffer[at];
            at += 1;
            if (separator == '}') break;
            if (separator != ',') return error.NotJson;
            at = json.skipSpace(buffer, at);
        }
        if (json.skipSpace(buffer, at) != end) return error.NotJson;
        if (rows.columns.len > rows.shown) try rows.widen();
        rows.count += 1;
    }

    /// Give the columns that came with the record at hand the rows before it.
    fn widen(rows: *Rows) error{ BatchFull, OutOfMemory }!void {
        if (rows.count == 0) return;
        if ((rows.count + 1) * rows.columns.len > rows.most_cells) return error.BatchFull;
        const all = rows.table.keys.items();
        for (rows.columns.items()[rows.shown..]) |index| try all[index].column.settle(rows.count);
    }

    /// The key whose quote stands at `at`; moves `at` behind it and notes that the record has it.
    fn readKey(rows: *Rows, buffer: []const u8, at: *usize, previous: u32) RecordError!u32 {
        const table = &rows.table;
        const guess = table.after(previous);
        var index: u32 = undefined;
        if (guess != keys.none and table.keys.items()[guess].stands(buffer, at.* + 1)) {
            index = guess;
            at.* += table.keys.items()[guess].name.len + 2;
        } else {
            const string = try json.skipString(buffer, at.* + 1);
            var name = buffer[at.* + 1 .. string.end - 1];
            if (string.escaped) {
                rows.scratch.len = 0;
                _ = try json.readString(buffer, at.* + 1, &rows.scratch);
                name = rows.scratch.items();
            }
            index = try table.intern(name);
            at.* = string.end;
            table.setAfter(previous, index);
        }
        const key = &table.keys.items()[index];
        if (key.record == rows.record) return error.DuplicateKey;
        key.record = rows.record;
        try rows.touched.append(index);
        if (key.batch != rows.batch) {
            try key.column.begin(rows.count, key.batch + 1 == rows.batch);
            try rows.columns.append(index);
            key.batch = rows.batch;
        }
        return index;
    }

    /// Append the value at `at` to a column; returns where it ends.
    fn readValue(rows: *Rows, buffer: []const u8, at: usize, column: *Column) RecordError!usize {
        const row = rows.count;
        switch (buffer[at]) {
            '"' => {
                const block: json.Block = buffer[at + 1 ..][0..json.block_bytes].*;
                const marks = json.special(block);
                if (marks != 0) {
                    const length: usize = @ctz(marks);
                    if (buffer[at + 1 + length] == '"') {
                        try column.appendBlock(row, block, length);
                        return at + length + 2;
                    }
                }
                return column.appendString(row, buffer, at + 1);
            },
            '{', '[' => {
                const end = try json.skipValue(buffer, at, rows.stack.items(), 1);
                try column.append(row, buffer[at..end]);
                return end;
            },
            'n' => return json.skipLiteral(buffer, at),
            't', 'f' => {
                const end = try json.skipLiteral(buffer, at);
                try column.append(row, buffer[at..end]);
                return end;
            },
            else => {
                const end = try json.skipNumber(buffer, at);
                if (end - at <= json.block_bytes) {
                    try column.appendBlock(row, buffer[at..][0..json.block_bytes].*, end - at);
                } else {
                    try column.append(row, buffer[at..end]);
                }
                return end;
            },
        }
    }

    /// Take back what a record that turned out to be broken has put into columns and keys.
    fn undo(rows: *Rows) void {
        const all = rows.table.keys.items();
        for (rows.touched.items()) |index| {
            all[index].column.undo(rows.count);
            all[index].record = 0;
        }
        for (rows.columns.items()[rows.shown..]) |index| {
            all[index].batch = 0;
            // No batch may ever take this memory away: broken lines could fill all of it, key by key.
            all[index].column.free();
        }
        rows.columns.len = rows.shown;
        while (rows.table.count() > rows.known) rows.table.forgetLast();
    }

    /// Give the columns and their names away, and begin the next batch.
    pub fn take(rows: *Rows, batch: *arrow.Array, key_names: *arrow.Array) OutOfMemory!void {
        const all = rows.table.keys.items();
        const columns = try arrow.batch(batch, rows.count, rows.columns.len);
        var names: Column = .{};
        errdefer names.free();
        try names.begin(0, false);
        for (rows.columns.items(), columns, 0..) |index, *array, number| {
            const key = &all[index];
            try key.column.fillNulls(rows.count);
            try arrow.texts(array, &key.column);
            try names.append(@intCast(number), key.name.items());
        }
        try arrow.texts(key_names, &names);
        rows.columns.len = 0;
        rows.count = 0;
        rows.batch += 1;
    }
};
