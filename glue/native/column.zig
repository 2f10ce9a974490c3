//! One column of texts on its way to an Arrow string array; null where nothing was appended.

const std = @import("std");
const json = @import("json.zig");
const memory = @import("memory.zig");

const Buffer = memory.Buffer;
const OutOfMemory = memory.OutOfMemory;

pub const Column = struct {
    data: Buffer(u8) = .{},
    /// Where each text begins, and the last one ends.
    offsets: Buffer(i32) = .{},
    /// A bit a row, made with the first null.
    validity: Buffer(u8) = .{},
    rows: u32 = 0,
    nulls: u32 = 0,
    /// What the last array took, which the next one will probably take.
    last_bytes: usize = 0,
    last_rows: usize = 0,

    /// Begin a batch at `row`; `expected` when the one before had this column. The rows before it have no
    /// offsets until `settle`, so that a line which is then rejected costs no more than its own bytes.
    pub fn begin(column: *Column, row: u32, expected: bool) OutOfMemory!void {
        column.data.len = 0;
        column.offsets.len = 0;
        column.validity.len = 0;
        column.rows = row;
        column.nulls = 0;
        if (expected) {
            try column.data.grow(column.last_bytes + column.last_bytes / 16 + json.pad);
            try column.offsets.grow(column.last_rows + column.last_rows / 16 + 2);
        }
        try column.offsets.append(0);
    }

    /// Append the first `length` bytes of a block as the text of a row.
    pub inline fn appendBlock(column: *Column, row: u32, block: json.Block, length: usize) OutOfMemory!void {
        const room = try column.reserve(row, json.block_bytes);
        room[0..json.block_bytes].* = block;
        column.commit(length);
    }

    pub fn append(column: *Column, row: u32, text: []const u8) OutOfMemory!void {
        const room = try column.reserve(row, text.len);
        @memcpy(room[0..text.len], text);
        column.commit(text.len);
    }

    /// Append the text of a string whose opening quote stands before `from`; tells the place behind it.
    pub fn appendString(column: *Column, row: u32, buffer: []const u8, from: usize) (json.Error || OutOfMemory)!usize {
        _ = try column.reserve(row, 0);
        const end = try json.readString(buffer, from, &column.data);
        column.commit(0);
        return end;
    }

    /// Room for `bytes` of the text of a row, to be committed; the rows before that had none become null.
    pub inline fn reserve(column: *Column, row: u32, bytes: usize) OutOfMemory![]u8 {
        if (row != column.rows or column.offsets.len + 1 >= column.offsets.room.len or
            column.data.room.len - column.data.len < bytes) try column.prepare(row, bytes);
        return column.data.room[column.data.len..];
    }

    noinline fn prepare(column: *Column, row: u32, bytes: usize) OutOfMemory!void {
        try column.fillNulls(row);
        try column.offsets.reserve(column.offsets.len + 2);
        try column.data.reserve(column.data.len + bytes);
        if (column.validity.len > 0) try column.widenValidity();
    }

    /// Take `length` bytes of the reserved room as the text of the next row.
    pub inline fn commit(column: *Column, length: usize) void {
        column.data.len += length;
        column.offsets.room[column.offsets.len] = @intCast(column.data.len);
        column.offsets.len += 1;
        if (column.validity.len > 0) column.validity.room[column.rows / 8] |= bit(column.rows);
        column.rows += 1;
    }

    /// Take back the text of this row, if it has one.
    pub fn undo(column: *Column, row: u32) void {
        if (column.rows <= row) return;
        column.rows = row;
        column.offsets.len -= 1;
        column.data.len = @intCast(column.offsets.room[column.offsets.len - 1]);
        if (column.validity.len > 0) column.validity.room[row / 8] &= ~bit(row);
    }

    /// Nulls for the rows before the one at which the column began, the last that was read.
    pub fn settle(column: *Column, row: u32) OutOfMemory!void {
        const text: ?usize = if (column.rows > row) column.data.len else null;
        column.data.len = 0;
        column.offsets.len = 1;
        column.rows = 0;
        try column.fillNulls(row);
        if (text) |length| column.commit(length);
    }

    /// Nulls up to `row`.
    pub fn fillNulls(column: *Column, row: u32) OutOfMemory!void {
        const missing = row - column.rows;
        if (missing == 0) return;
        try column.offsets.reserve(row + 2);
        try column.widenValidity();
        @memset(column.offsets.room[column.offsets.len..][0..missing], @intCast(column.data.len));
        column.offsets.len += missing;
        column.nulls += missing;
        column.rows = row;
    }

    /// A zero bit for every row that the offsets have room for; ones for the rows before the first null.
    fn widenValidity(column: *Column) OutOfMemory!void {
        const before = column.validity.len;
        try column.validity.grow(column.offsets.room.len / 8 + 1);
        column.validity.len = column.validity.room.len;
        @memset(column.validity.room[before..], 0);
        if (before > 0) return;
        @memset(column.validity.room[0 .. column.rows / 8], 0xFF);
        column.validity.room[column.rows / 8] = bit(column.rows) - 1;
    }

    pub fn free(column: *Column) void {
        column.data.free();
        column.offsets.free();
        column.validity.free();
    }
};

inline fn bit(row: u32) u8 {
    return @as(u8, 1) << @intCast(row % 8);
}
