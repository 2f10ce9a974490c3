//! A stream of bytes, cut into lines: each a row, a reject or blank.
//!
//! Every line is read where it ends with its LF and `pad` readable bytes behind it: either in the caller's
//! chunk or copied into `carry`.

const std = @import("std");
const arrow = @import("arrow.zig");
const json = @import("json.zig");
const memory = @import("memory.zig");

const Column = @import("column.zig").Column;
const Rows = @import("rows.zig").Rows;
const Table = @import("keys.zig").Table;
const Buffer = memory.Buffer;
const OutOfMemory = memory.OutOfMemory;
const pad = json.pad;

/// Bounds, in the order of `NdjsonLimits`, then what the parser shall do.
pub const Options = extern struct {
    line_bytes: u64,
    kept_bytes: u64,
    depth: u64,
    keys: u64,
    key_bytes: u64,
    batch_bytes: u64,
    batch_lines: u64,
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

/// Why reading does not go on: the batch is complete, or there is no memory left.
const Stop = OutOfMemory || error{BatchFull};

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
    rows: Rows,

    /// The beginning of a line whose end has not come yet.
    carry: Buffer(u8) = .{},
    long: ?LongLine = null,
    /// Of the next line: its number, and the offset of its first byte.
    line: u64 = 1,
    offset: u64 = 0,

    /// What the batch has of the input, in bytes, and where its rows and rejects stood.
    batch_bytes: u64 = 0,
    places: Places = .{},
    lines: Column = .{},
    reject_places: Places = .{},
    reasons: Column = .{},
    rejected: Column = .{},

    pub fn open(options: *const Options) OutOfMemory!*Parser {
        const parser = try memory.create(Parser);
        errdefer memory.destroy(parser);
        parser.* = .{
            .options = options.*,
            .rows = try Rows.init(
                Table.init(options.keys, options.key_bytes, options.seed),
                // No line of that many bytes opens more brackets.
                @min(options.depth, options.line_bytes),
                options.batch_cells,
            ),
        };
        errdefer parser.free();
        try parser.beginColumns();
        return parser;
    }

    pub fn close(parser: *Parser) void {
        parser.free();
        memory.destroy(parser);
    }

    fn free(parser: *Parser) void {
        parser.rows.free();
        parser.carry.free();
        inline for (.{ &parser.places, &parser.reject_places }) |places| places.free();
        inline for (.{ &parser.lines, &parser.reasons, &parser.rejected }) |column| column.free();
    }

    /// Read lines until the chunk or the batch is at its end; tells in `consumed` how far that is.
    pub fn feed(parser: *Parser, chunk: []const u8, consumed: *usize) OutOfMemory!Status {
        return status(parser.readLines(chunk, consumed));
    }

    /// The end of the input ends the last line and the last batch; to be asked until there is none.
    pub fn finish(parser: *Parser) OutOfMemory!Status {
        return status(parser.endInput());
    }

    fn status(read: Stop!void) OutOfMemory!Status {
        read catch |stop| switch (stop) {
            error.BatchFull => return .batch,
            error.OutOfMemory => return error.OutOfMemory,
        };
        return .hungry;
    }

    fn readLines(parser: *Parser, chunk: []const u8, consumed: *usize) Stop!void {
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
            // A line that the batch has no room for is read again from `start`.
            if (parser.isCarrying() or found.end + pad > chunk.len) {
                try parser.hold(bytes);
                start = found.end;
                try parser.endCarried();
            } else {
                try parser.endLine(chunk, start, found.end, found.ascii);
            }
            start = found.end + 1;
            if (parser.isBatchFull()) try parser.endBatch();
        }
    }

    fn endInput(parser: *Parser) Stop!void {
        if (parser.isCarrying()) try parser.endCarried();
        try parser.endBatch();
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
    fn endCarried(parser: *Parser) Stop!void {
        if (parser.long) |long| {
            const length = long.length - @intFromBool(long.ends_in_cr);
            if (!long.blank) try parser.reject(length, parser.carry.items(), .line_too_long);
            parser.leaveLine(long.length + 1);
            parser.long = null;
        } else {
            const end = parser.carry.len;
            errdefer parser.carry.len = end;
            try parser.carry.appendSlice(&line_end);
            const ascii = json.findLineEnd(parser.carry.items(), 0).ascii;
            try parser.endLine(parser.carry.items(), 0, end, ascii);
        }
        parser.carry.len = 0;
    }

    /// The line at `buffer[from..end]`, whose LF is `buffer[end]` and has `pad` bytes behind it.
    fn endLine(parser: *Parser, buffer: []const u8, from: usize, end: usize, ascii: bool) Stop!void {
        const start = from + markLength(parser.offset, buffer[from..end]);
        parser.offset += start - from;
        const text_end = if (end > start and buffer[end - 1] == '\r') end - 1 else end;
        const length = text_end - start;
        const first = json.skipSpace(buffer, start);
        if (first != end) {
            if (length > parser.options.line_bytes) {
                const kept = @min(parser.options.kept_bytes, length);
                try parser.reject(length, buffer[start..][0..kept], .line_too_long);
            } else if (parser.rows.read(parser.line, buffer, first, start, end, ascii)) {
                try parser.places.append(parser.line, parser.offset, length);
                if (parser.options.keep_lines != 0) {
                    try parser.lines.append(parser.rows.count - 1, buffer[start..text_end]);
                }
            } else |problem| {
                const reason: Reason = switch (problem) {
                    error.OutOfMemory, error.BatchFull => |stop| return stop,
                    error.InvalidUtf8 => .invalid_utf8,
                    error.NotJson => .not_json,
                    error.NotAnObject => .not_an_object,
                    error.TooDeep => .too_deep,
                    error.LoneSurrogate => .lone_surrogate,
                    error.DuplicateKey => .duplicate_key,
                    error.TooManyKeys => .too_many_keys,
                };
                try parser.reject(length, buffer[start..text_end], reason);
            }
        }
        parser.leaveLine(end - start + 1);
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
            parser.rows.count + parser.reject_places.line.len >= parser.options.batch_lines or
            @as(u64, parser.rows.count) * parser.rows.columns.len >= parser.options.batch_cells;
    }

    /// Close the batch; one that is empty simply begins anew.
    fn endBatch(parser: *Parser) error{BatchFull}!void {
        if (parser.rows.count > 0 or parser.reject_places.line.len > 0) return error.BatchFull;
        parser.batch_bytes = 0;
    }

    /// Hand the closed batch out and begin the next one. `names` are the names of the columns of `rows`. What
    /// stands in the arrays is the caller's to release, after an error, too.
    pub fn take(parser: *Parser, out: *const Output) OutOfMemory!void {
        const with_lines = parser.options.keep_lines != 0;
        const positions = try arrow.batch(out.positions, parser.rows.count, if (with_lines) 4 else 3);
        try parser.places.take(positions);
        if (with_lines) try arrow.texts(&positions[3], &parser.lines);
        const rejects = try arrow.batch(out.rejects, parser.reject_places.line.len, 5);
        try parser.reject_places.take(rejects);
        try arrow.texts(&rejects[3], &parser.reasons);
        try arrow.texts(&rejects[4], &parser.rejected);
        try parser.rows.take(out.rows, out.names);
        try parser.beginColumns();
        parser.batch_bytes = 0;
    }

    fn beginColumns(parser: *Parser) OutOfMemory!void {
        inline for (.{ &parser.lines, &parser.reasons, &parser.rejected }) |column| try column.begin(0, true);
    }
};

fn markLength(offset: u64, line: []const u8) usize {
    return if (offset == 0 and std.mem.startsWith(u8, line, byte_order_mark)) byte_order_mark.len else 0;
}
