//! NDJSON bytes in, columns of exact text out, by the Arrow C data interface.
//!
//! A parser is opened, fed chunks of any size, asked for a batch whenever one is complete, and closed. The
//! rules are those of glue/tributary/kernels/ndjson_plain.py, which gives the same batches, slowly.
//!
//! Every line is read where it ends with its LF and `pad` readable bytes behind it: either in the caller's
//! chunk or copied into `carry`. The LF stands as a sentinel, for it ends every token of JSON; vectors may be
//! loaded without asking where the line ends. All indexing is checked in the optimised build too.

const std = @import("std");
const arrow = @import("arrow.zig");
const json = @import("json.zig");
const keys = @import("keys.zig");
const memory = @import("memory.zig");

const Column = @import("column.zig").Column;
const Buffer = memory.Buffer;
const OutOfMemory = memory.OutOfMemory;
const pad = json.pad;

/// Bounds, in the order of `NdjsonLimits`, then what the parser shall do.
pub const Options = extern struct {
    line_bytes: u64,
    kept_bytes: u64,
    depth: u64,
    keys: u64,
    batch_bytes: u64,
    batch_cells: u64,
    keep_lines: u64,
    /// Seed of the hash of the keys, which nobody outside shall guess.
    seed: u64,
};

/// Where `take` puts a batch: empty arrays of the caller's.
pub const Output = extern struct {
    names: *arrow.Array,
    rows: *arrow.Array,
    positions: *arrow.Array,
    rejects: *arrow.Array,
};

/// What a parser answers to `feed` and `finish`.
pub const Status = enum(c_int) { hungry = 0, batch = 1, out_of_memory = -1 };

/// More bytes than a line may have, its CR and the mark at the start of the stream included.
const line_end_slack = 8;

/// The LF of a line that is carried, and what must be readable behind it.
const line_end: [1 + pad]u8 = "\n".* ++ @as([pad]u8, @splat(0));

const byte_order_mark = "\xef\xbb\xbf";

/// The reasons in the order of their codes, as Python knows them.
const Reason = enum {
    line_too_long,
    invalid_utf8,
    not_json,
    not_an_object,
    too_deep,
    lone_surrogate,
    duplicate_key,
    too_many_keys,

    fn text(reason: Reason) []const u8 {
        return switch (reason) {
            .line_too_long => "line-too-long",
            .invalid_utf8 => "invalid-utf8",
            .not_json => "not-json",
            .not_an_object => "not-an-object",
            .too_deep => "too-deep",
            .lone_surrogate => "lone-surrogate",
            .duplicate_key => "duplicate-key",
            .too_many_keys => "too-many-keys",
        };
    }
};

const LineError = json.Error || error{ NotAnObject, DuplicateKey, TooManyKeys, OutOfMemory };

/// Line number, offset and length of lines.
const Places = struct {
    line: Buffer(i64) = .{},
    offset: Buffer(i64) = .{},
    length: Buffer(i64) = .{},

    fn append(places: *Places, line: u64, offset: u64, length: u64) OutOfMemory!void {
        try places.line.append(@intCast(line));
        try places.offset.append(@intCast(offset));
        try places.length.append(@intCast(length));
    }

    fn take(places: *Places, arrays: []arrow.Array) OutOfMemory!void {
        try arrow.integers(&arrays[0], &places.line);
        try arrow.integers(&arrays[1], &places.offset);
        try arrow.integers(&arrays[2], &places.length);
    }

    fn free(places: *Places) void {
        places.line.free();
        places.offset.free();
        places.length.free();
    }
};

/// A line longer than the limit, on its way to its end.
const LongLine = struct {
    length: u64,
    blank: bool,
    ends_in_cr: bool,

    fn skip(long: *LongLine, bytes: []const u8) void {
        if (bytes.len == 0) return;
        long.length += bytes.len;
        long.blank = long.blank and json.isBlank(bytes);
        long.ends_in_cr = bytes[bytes.len - 1] == '\r';
    }
};

pub const Parser = struct {
    options: Options,
    table: keys.Table,
    stack: Buffer(u8) = .{},
    scratch: Buffer(u8) = .{},

    /// The beginning of a line whose end has not come yet.
    carry: Buffer(u8) = .{},
    long: ?LongLine = null,
    /// Of the next line: its number, and the offset of its first byte.
    line: u64 = 1,
    offset: u64 = 0,

    /// Keys of the line at hand; how many were known, and how many columns the batch had, before it.
    touched: Buffer(u32) = .{},
    known: u32 = 0,
    shown: usize = 0,

    batch: u64 = 1,
    batch_bytes: u64 = 0,
    rows: u32 = 0,
    columns: Buffer(u32) = .{},
    places: Places = .{},
    lines: Column = .{},
    reject_places: Places = .{},
    reasons: Column = .{},
    rejected: Column = .{},

    pub fn open(options: *const Options) OutOfMemory!*Parser {
        const parser = try memory.create(Parser);
        parser.* = .{ .options = options.*, .table = keys.Table.init(options.seed) };
        errdefer parser.close();
        try parser.stack.resize(options.depth);
        try parser.beginColumns();
        return parser;
    }

    pub fn close(parser: *Parser) void {
        parser.table.free();
        inline for (.{ &parser.stack, &parser.scratch, &parser.carry, &parser.touched, &parser.columns }) |buffer| {
            buffer.free();
        }
        inline for (.{ &parser.places, &parser.reject_places }) |places| places.free();
        inline for (.{ &parser.lines, &parser.reasons, &parser.rejected }) |column| column.free();
        memory.destroy(parser);
    }

    /// Read lines until the chunk or the batch is at its end; tells in `consumed` how far that is.
    pub fn feed(parser: *Parser, chunk: []const u8, consumed: *usize) OutOfMemory!Status {
        var start: usize = 0;
        defer consumed.* = start;
        while (start < chunk.len) {
            const found = json.findLineEnd(chunk, start);
            const bytes = chunk[start..found.end];
            if (found.end == chunk.len) {
                start = chunk.len;
                try parser.hold(bytes);
                break;
            }
            start = found.end + 1;
            if (parser.isCarrying() or found.end + pad > chunk.len) {
                try parser.hold(bytes);
                try parser.endCarried();
            } else {
                try parser.endLine(chunk, found.end - bytes.len, found.end, found.ascii);
            }
            if (parser.isBatchFull() and parser.endBatch()) return .batch;
        }
        return .hungry;
    }

    /// The end of the input ends the last line and the last batch.
    pub fn finish(parser: *Parser) OutOfMemory!Status {
        if (parser.isCarrying()) try parser.endCarried();
        return if (parser.endBatch()) .batch else .hungry;
    }

    fn isCarrying(parser: *const Parser) bool {
        return parser.long != null or parser.carry.len > 0;
    }

    /// Keep the beginning of a line, or skip on in one that is too long.
    fn hold(parser: *Parser, bytes: []const u8) OutOfMemory!void {
        if (parser.long) |*long| return long.skip(bytes);
        const most = @max(parser.options.line_bytes, parser.options.kept_bytes) + line_end_slack;
        if (parser.carry.len + bytes.len < most) return parser.carry.appendSlice(bytes);
        const fits = most - parser.carry.len;
        try parser.carry.appendSlice(bytes[0..fits]);
        parser.long = .{ .length = 0, .blank = true, .ends_in_cr = false };
        const skipped = markLength(parser.offset, parser.carry.items());
        parser.offset += skipped;
        parser.long.?.skip(parser.carry.items()[skipped..]);
        parser.long.?.skip(bytes[fits..]);
        const kept = @min(parser.options.kept_bytes, parser.carry.len - skipped);
        std.mem.copyForwards(u8, parser.carry.items()[0..kept], parser.carry.items()[skipped..][0..kept]);
        parser.carry.len = kept;
    }

    /// The line that was held is complete.
    fn endCarried(parser: *Parser) OutOfMemory!void {
        if (parser.long) |long| {
            const length = long.length - @intFromBool(long.ends_in_cr);
            if (!long.blank) try parser.reject(length, parser.carry.items(), .line_too_long);
            parser.leaveLine(long.length + 1);
            parser.long = null;
        } else {
            const end = parser.carry.len;
            try parser.carry.appendSlice(&line_end);
            const ascii = json.findLineEnd(parser.carry.items(), 0).ascii;
            try parser.endLine(parser.carry.items(), 0, end, ascii);
        }
        parser.carry.len = 0;
    }

    /// The line at `buffer[from..end]`, whose LF is `buffer[end]` and has `pad` bytes behind it.
    fn endLine(parser: *Parser, buffer: []const u8, from: usize, end: usize, ascii: bool) OutOfMemory!void {
        const start = from + markLength(parser.offset, buffer[from..end]);
        parser.offset += start - from;
        const text_end = if (end > start and buffer[end - 1] == '\r') end - 1 else end;
        const length = text_end - start;
        const first = json.skipSpace(buffer, start);
        if (first != end) {
            if (length > parser.options.line_bytes) {
                const kept = @min(parser.options.kept_bytes, length);
                try parser.reject(length, buffer[start..][0..kept], .line_too_long);
            } else if (parser.readLine(buffer, first, start, end, ascii)) {
                try parser.places.append(parser.line, parser.offset, length);
                if (parser.options.keep_lines != 0) {
                    try parser.lines.append(parser.rows, buffer[start..text_end]);
                }
                parser.rows += 1;
            } else |problem| {
                const reason: Reason = switch (problem) {
                    error.OutOfMemory => return error.OutOfMemory,
                    error.InvalidUtf8 => .invalid_utf8,
                    error.NotJson => .not_json,
                    error.NotAnObject => .not_an_object,
                    error.TooDeep => .too_deep,
                    error.LoneSurrogate => .lone_surrogate,
                    error.DuplicateKey => .duplicate_key,
                    error.TooManyKeys => .too_many_keys,
                };
                parser.undoLine();
                try parser.reject(length, buffer[start..text_end], reason);
            }
        }
        parser.leaveLine(end - start + 1);
    }

    /// Put one line into the columns.
    fn readLine(
        parser: *Parser,
        buffer: []const u8,
        first: usize,
        start: usize,
        end: usize,
        ascii: bool,
    ) LineError!void {
        parser.touched.len = 0;
        parser.known = parser.table.count();
        parser.shown = parser.columns.len;
        if (!ascii and !json.isUtf8(buffer[start..end])) return error.InvalidUtf8;
        const stack = parser.stack.items();
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
            const key = try parser.readKey(buffer, &at, previous);
            at = json.skipSpace(buffer, at);
            if (buffer[at] != ':') return error.NotJson;
            at = try parser.readValue(buffer, json.skipSpace(buffer, at + 1), &parser.table.keys.items()[key].column);
            previous = key;
            at = json.skipSpace(buffer, at);
            const separator = buffer[at];
            at += 1;
            if (separator == '}') break;
            if (separator != ',') return error.NotJson;
            at = json.skipSpace(buffer, at);
        }
        if (json.skipSpace(buffer, at) != end) return error.NotJson;
    }

    /// The key whose quote stands at `at`; moves `at` behind it and notes that the line has it.
    fn readKey(parser: *Parser, buffer: []const u8, at: *usize, previous: u32) LineError!u32 {
        const table = &parser.table;
        const guess = table.after(previous);
        var index: u32 = undefined;
        if (guess != keys.none and table.keys.items()[guess].stands(buffer, at.* + 1)) {
            index = guess;
            at.* += table.keys.items()[guess].name.len + 2;
        } else {
            const string = try json.skipString(buffer, at.* + 1);
            var name = buffer[at.* + 1 .. string.end - 1];
            if (string.escaped) {
                try parser.scratch.resize(name.len + pad);
                const room = parser.scratch.items();
                name = room[0..json.unescape(buffer, at.* + 1, string.end - 1, room)];
            }
            index = try table.intern(name, parser.options.keys);
            at.* = string.end;
            table.setAfter(previous, index);
        }
        const key = &table.keys.items()[index];
        if (key.line == parser.line) return error.DuplicateKey;
        key.line = parser.line;
        try parser.touched.append(index);
        if (key.batch != parser.batch) {
            try key.column.begin(key.batch + 1 == parser.batch);
            try parser.columns.append(index);
            key.batch = parser.batch;
        }
        return index;
    }

    /// Append the value at `at` to a column; returns where it ends.
    fn readValue(parser: *Parser, buffer: []const u8, at: usize, column: *Column) LineError!usize {
        const row = parser.rows;
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
                const string = try json.skipString(buffer, at + 1);
                if (string.escaped) {
                    const room = try column.reserve(row, string.end - at + pad);
                    column.commit(json.unescape(buffer, at + 1, string.end - 1, room));
                } else {
                    try column.append(row, buffer[at + 1 .. string.end - 1]);
                }
                return string.end;
            },
            '{', '[' => {
                const end = try json.skipValue(buffer, at, parser.stack.items(), 1);
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

    /// Take back what a line that turned out to be broken has put into columns and keys.
    fn undoLine(parser: *Parser) void {
        const all = parser.table.keys.items();
        for (parser.touched.items()) |index| all[index].column.undo(parser.rows);
        for (parser.columns.items()[parser.shown..]) |index| all[index].batch = 0;
        parser.columns.len = parser.shown;
        while (parser.table.count() > parser.known) parser.table.forgetLast();
    }

    fn reject(parser: *Parser, length: u64, bytes: []const u8, reason: Reason) OutOfMemory!void {
        const row: u32 = @intCast(parser.reject_places.line.len);
        try parser.reject_places.append(parser.line, parser.offset, length);
        try parser.reasons.append(row, reason.text());
        try parser.rejected.append(row, bytes);
    }

    fn leaveLine(parser: *Parser, bytes: u64) void {
        parser.line += 1;
        parser.offset += bytes;
        parser.batch_bytes += bytes;
    }

    fn isBatchFull(parser: *const Parser) bool {
        return parser.batch_bytes >= parser.options.batch_bytes or
            @as(u64, parser.rows) * parser.columns.len >= parser.options.batch_cells;
    }

    /// Close the batch; false when it is empty and the next one begins.
    fn endBatch(parser: *Parser) bool {
        parser.batch_bytes = 0;
        return parser.rows > 0 or parser.reject_places.line.len > 0;
    }

    /// Hand the closed batch out and begin the next one. `names` are the names of the columns of `rows`.
    pub fn take(parser: *Parser, out: *const Output) OutOfMemory!void {
        try parser.takeRows(out);
        const with_lines = parser.options.keep_lines != 0;
        const positions = try arrow.batch(out.positions, parser.rows, if (with_lines) 4 else 3);
        try parser.places.take(positions);
        if (with_lines) try arrow.texts(&positions[3], &parser.lines);
        const rejects = try arrow.batch(out.rejects, parser.reject_places.line.len, 5);
        try parser.reject_places.take(rejects);
        try arrow.texts(&rejects[3], &parser.reasons);
        try arrow.texts(&rejects[4], &parser.rejected);
        try parser.beginColumns();
        parser.columns.len = 0;
        parser.rows = 0;
        parser.batch += 1;
    }

    fn beginColumns(parser: *Parser) OutOfMemory!void {
        inline for (.{ &parser.lines, &parser.reasons, &parser.rejected }) |column| try column.begin(true);
    }

    fn takeRows(parser: *Parser, out: *const Output) OutOfMemory!void {
        const all = parser.table.keys.items();
        const columns = try arrow.batch(out.rows, parser.rows, parser.columns.len);
        var names: Column = .{};
        errdefer names.free();
        try names.begin(false);
        for (parser.columns.items(), columns, 0..) |index, *array, number| {
            const key = &all[index];
            try key.column.fillNulls(parser.rows);
            try arrow.texts(array, &key.column);
            try names.append(@intCast(number), key.name.items());
        }
        try arrow.texts(out.names, &names);
    }
};

fn markLength(offset: u64, line: []const u8) usize {
    return if (offset == 0 and std.mem.startsWith(u8, line, byte_order_mark)) byte_order_mark.len else 0;
}

const builtin = @import("builtin");

/// The CPU this source was compiled for; a library may hold several variants.
const variant = if (builtin.cpu.arch == .x86_64 and std.Target.x86.featureSetHas(builtin.cpu.features, .avx2))
    "v3"
else
    "baseline";

pub const panic = std.debug.FullPanic(abort);

/// A broken promise of this code ends the process: whoever runs it takes the file for poison.
fn abort(message: []const u8, _: ?usize) noreturn {
    _ = std.c.write(2, message.ptr, message.len);
    std.c.abort();
}

fn open(options: *const Options) callconv(.c) ?*Parser {
    return Parser.open(options) catch null;
}

fn feed(parser: *Parser, chunk: [*]const u8, length: usize, consumed: *usize) callconv(.c) Status {
    return parser.feed(chunk[0..length], consumed) catch .out_of_memory;
}

fn finish(parser: *Parser) callconv(.c) Status {
    return parser.finish() catch .out_of_memory;
}

fn take(parser: *Parser, out: *const Output) callconv(.c) Status {
    parser.take(out) catch return .out_of_memory;
    return .hungry;
}

fn close(parser: *Parser) callconv(.c) void {
    parser.close();
}

comptime {
    for (.{ "open", "feed", "finish", "take", "close" }, .{ &open, &feed, &finish, &take, &close }) |name, function| {
        @export(function, .{ .name = "tributary_ndjson_" ++ variant ++ "_" ++ name });
    }
}
