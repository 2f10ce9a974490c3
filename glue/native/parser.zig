//! A stream of bytes, cut into lines, and these into records: each a row or a reject.
//!
//! A record is a line, or one of several objects on it. Every line is read where it ends with its LF and `pad`
//! readable bytes behind it: either in the caller's chunk or copied into `carry`.

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

/// Bounds, in the order of `RecordLimits`, then what the parser shall do.
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
    /// Whether a line may have several records.
    several: u64,
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

/// More bytes than a record may have, its CR and the mark at the start of the stream included.
const line_end_slack = 8;

/// The LF of a line that is carried, and what must be readable behind it.
const line_end: [1 + pad]u8 = "\n".* ++ @as([pad]u8, @splat(0));

/// So much of a line is held before whole records at its beginning are read.
const first_held_bytes = 1 << 20;

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

/// Line number, offset and length of records.
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

/// The end of a line from a record on that is longer than the limit, on its way.
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

    /// The beginning of a line, or of the record that comes next on it, whose end has not come yet; and how long it
    /// may become before it is asked for whole records.
    carry: Buffer(u8) = .{},
    held_bytes: usize = first_held_bytes,
    long: ?LongLine = null,
    /// Of the next record: the number of its line, and the offset of its first byte.
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

    /// Read records until the chunk or the batch is at its end; tells in `consumed` how far that is.
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
            if (parser.isCarrying() or found.end + pad > chunk.len) {
                try parser.hold(chunk[0..found.end], &start);
                if (found.end == chunk.len) break;
                try parser.endCarried();
                start = found.end + 1;
            } else {
                try parser.readLine(chunk, &start, found.end, found.ascii);
            }
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

    /// Keep the beginning of a line, of which `chunk[start..]` is more, or skip on in a record that is too long;
    /// moves `start` behind what was taken.
    fn hold(parser: *Parser, chunk: []const u8, start: *usize) Stop!void {
        while (start.* < chunk.len) {
            const bytes = chunk[start.*..];
            if (parser.long) |*long| {
                long.skip(bytes);
                start.* = chunk.len;
            } else if (parser.carry.len < parser.heldBytes()) {
                const fits = @min(bytes.len, parser.heldBytes() - parser.carry.len);
                try parser.carry.appendSlice(bytes[0..fits]);
                start.* += fits;
            } else {
                try parser.readCarried();
            }
        }
    }

    /// How long the carry may become before it is asked for whole records.
    fn heldBytes(parser: *const Parser) usize {
        const most = @max(parser.options.line_bytes, parser.options.kept_bytes) + line_end_slack;
        return @min(most, parser.held_bytes);
    }

    /// Read the whole records at the beginning of a line whose end has not come. Where there is none, more is to be
    /// held, until a record is too long.
    noinline fn readCarried(parser: *Parser) Stop!void {
        const end = parser.carry.len;
        var at: usize = 0;
        try parser.carry.appendSlice(&line_end);
        {
            defer parser.keepCarried(at, end);
            parser.skipMark(parser.carry.items(), &at, end);
            if (parser.options.several != 0) try parser.readRecords(parser.carry.items(), &at, end);
        }
        if (at > 0) {
            parser.held_bytes = first_held_bytes;
        } else if (parser.heldBytes() == parser.held_bytes) {
            parser.held_bytes *= 2;
        } else {
            parser.skipCarried();
        }
    }

    /// Keep what lies from `at` to `end` in the carry.
    fn keepCarried(parser: *Parser, at: usize, end: usize) void {
        std.mem.copyForwards(u8, parser.carry.items(), parser.carry.items()[at..end]);
        parser.carry.len = end - at;
    }

    /// The record that the carry begins with is too long: skip on to the end of its line.
    fn skipCarried(parser: *Parser) void {
        parser.long = .{ .length = 0, .blank = true, .ends_in_cr = false };
        parser.long.?.skip(parser.carry.items());
        parser.carry.len = @min(parser.options.kept_bytes, parser.carry.len);
    }

    /// The line that was held is complete.
    fn endCarried(parser: *Parser) Stop!void {
        if (parser.long) |long| {
            const length = long.length - @intFromBool(long.ends_in_cr);
            if (!long.blank) try parser.reject(length, parser.carry.items(), .line_too_long);
            parser.leave(long.length + 1);
            parser.line += 1;
            parser.long = null;
        } else {
            const end = parser.carry.len;
            var at: usize = 0;
            errdefer parser.keepCarried(at, end);
            try parser.carry.appendSlice(&line_end);
            const ascii = json.findLineEnd(parser.carry.items(), 0).ascii;
            try parser.readLine(parser.carry.items(), &at, end, ascii);
        }
        parser.carry.len = 0;
        parser.held_bytes = first_held_bytes;
    }

    /// Read the line at `buffer[at..end]`, whose LF is `buffer[end]` and has `pad` bytes behind it; moves `at` behind
    /// what was read of it, its LF included.
    fn readLine(parser: *Parser, buffer: []const u8, at: *usize, end: usize, ascii: bool) Stop!void {
        parser.skipMark(buffer, at, end);
        if (json.skipSpace(buffer, at.*) != end) {
            const text_end = if (buffer[end - 1] == '\r') end - 1 else end;
            const start = at.*;
            var problem = try parser.readRecord(buffer, start, end, text_end, ascii);
            if (problem != null and parser.options.several != 0) {
                try parser.readRecords(buffer, at, end);
                if (at.* > start) problem = try parser.readRecord(buffer, at.*, end, text_end, ascii);
            }
            if (problem) |reason| try parser.rejectRecord(buffer, at.*, text_end, reason);
        }
        parser.leave(end + 1 - at.*);
        parser.line += 1;
        at.* = end + 1;
    }

    /// Read the records of a line that others follow; moves `at` behind them. Kept apart, as all that few lines need:
    /// among the code of every line it would cost a quarter of the rate.
    noinline fn readRecords(parser: *Parser, buffer: []const u8, at: *usize, end: usize) Stop!void {
        while (json.nextRecord(buffer, at.*, @min(end, at.* + parser.options.line_bytes))) |next| {
            if (try parser.readRecord(buffer, at.*, next, next, false)) |reason| {
                try parser.rejectRecord(buffer, at.*, next, reason);
            }
            parser.leave(next - at.*);
            at.* = next;
            if (parser.isBatchFull()) return error.BatchFull;
        }
    }

    fn skipMark(parser: *Parser, buffer: []const u8, at: *usize, end: usize) void {
        if (parser.offset == 0 and std.mem.startsWith(u8, buffer[at.*..end], byte_order_mark)) {
            parser.offset = byte_order_mark.len;
            at.* += byte_order_mark.len;
        }
    }

    /// Make the record `buffer[start..text_end]`, with nothing but white space from there to `end`, a row; or tell
    /// why it is none.
    fn readRecord(
        parser: *Parser,
        buffer: []const u8,
        start: usize,
        end: usize,
        text_end: usize,
        ascii: bool,
    ) Stop!?Reason {
        if (text_end - start > parser.options.line_bytes) return .line_too_long;
        parser.rows.read(buffer, json.skipSpace(buffer, start), start, end, ascii) catch |problem| return switch (problem) {
            error.OutOfMemory, error.BatchFull => |stop| stop,
            error.InvalidUtf8 => .invalid_utf8,
            error.NotJson => .not_json,
            error.NotAnObject => .not_an_object,
            error.TooDeep => .too_deep,
            error.LoneSurrogate => .lone_surrogate,
            error.DuplicateKey => .duplicate_key,
            error.TooManyKeys => .too_many_keys,
        };
        try parser.places.append(parser.line, parser.offset, text_end - start);
        if (parser.options.keep_lines != 0) try parser.lines.append(parser.rows.count - 1, buffer[start..text_end]);
        return null;
    }

    noinline fn rejectRecord(parser: *Parser, buffer: []const u8, start: usize, text_end: usize, reason: Reason) OutOfMemory!void {
        const length = text_end - start;
        const kept = if (reason == .line_too_long) @min(parser.options.kept_bytes, length) else length;
        try parser.reject(length, buffer[start..][0..kept], reason);
    }

    fn reject(parser: *Parser, length: u64, bytes: []const u8, reason: Reason) OutOfMemory!void {
        const row: u32 = @intCast(parser.reject_places.line.len);
        try parser.reject_places.append(parser.line, parser.offset, length);
        try parser.reasons.append(row, reason.text());
        try parser.rejected.append(row, bytes);
    }

    fn leave(parser: *Parser, bytes: u64) void {
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
