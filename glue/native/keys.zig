//! The top-level keys of an input: their names, their columns, and which usually follows which.

const std = @import("std");
const json = @import("json.zig");
const memory = @import("memory.zig");

const Column = @import("column.zig").Column;
const Buffer = memory.Buffer;
const OutOfMemory = memory.OutOfMemory;

/// In the place of an index: no key, and what stands before the first one of a line.
pub const none: u32 = std.math.maxInt(u32);
pub const before_first: u32 = none;

const HeadBits = @Int(.unsigned, json.block_bytes);

pub const Key = struct {
    name: Buffer(u8),
    hash: u64,
    /// The beginning of name and closing quote as they stand in a line, and which bytes of it count.
    head: [json.block_bytes]u8,
    head_bits: HeadBits,
    /// Whether an escape must stand in it, so that it cannot be compared as it is.
    escaped: bool,
    /// Index of the key that followed last time.
    after: u32 = none,
    /// Number of the last record, and of the last batch, that had it.
    record: u64 = 0,
    batch: u64 = 0,
    column: Column = .{},

    /// Whether the bytes at `at` are this key and its closing quote.
    pub inline fn stands(key: *const Key, buffer: []const u8, at: usize) bool {
        const block: json.Block = buffer[at..][0..json.block_bytes].*;
        const equal: HeadBits = @bitCast(block == @as(json.Block, key.head));
        if (equal & key.head_bits != key.head_bits) return false;
        return key.head_bits != std.math.maxInt(HeadBits) or key.standsWhole(buffer, at);
    }

    fn standsWhole(key: *const Key, buffer: []const u8, at: usize) bool {
        const name = key.name.items();
        if (key.escaped or buffer.len - at <= name.len) return false;
        return std.mem.eql(u8, buffer[at..][0..name.len], name) and buffer[at + name.len] == '"';
    }
};

pub const Table = struct {
    keys: Buffer(Key) = .{},
    /// Index plus one of a key, by its hash; a power of two of them, half of them free at least.
    slots: Buffer(u32) = .{},
    /// Bytes of all names.
    bytes: usize = 0,
    most: u64,
    most_bytes: u64,
    seed: u64,
    first: u32 = none,

    pub fn init(most: u64, most_bytes: u64, seed: u64) Table {
        return .{ .most = most, .most_bytes = most_bytes, .seed = seed };
    }

    pub inline fn count(table: *const Table) u32 {
        return @intCast(table.keys.len);
    }

    /// The key that followed `previous` last time; `none` where there was none.
    pub inline fn after(table: *const Table, previous: u32) u32 {
        const guess = if (previous == before_first) table.first else table.keys.items()[previous].after;
        return if (guess < table.keys.len) guess else none;
    }

    pub fn setAfter(table: *Table, previous: u32, key: u32) void {
        if (previous == before_first) {
            table.first = key;
        } else {
            table.keys.items()[previous].after = key;
        }
    }

    /// The index of the key of that name, a new one if need be.
    pub fn intern(table: *Table, name: []const u8) (OutOfMemory || error{TooManyKeys})!u32 {
        const hash = std.hash.Wyhash.hash(table.seed, name);
        if (table.slots.len > 0) {
            const found = table.slots.items()[table.slotOf(hash, name)];
            if (found > 0) return found - 1;
        }
        if (table.keys.len >= table.most or table.bytes + name.len > table.most_bytes) return error.TooManyKeys;
        if (2 * (table.keys.len + 1) > table.slots.len) try table.rehash();
        const index = table.count();
        try table.add(name, hash);
        table.slots.items()[table.slotOf(hash, name)] = index + 1;
        table.bytes += name.len;
        return index;
    }

    /// Take in a key, for the first time, that counts towards no limit.
    pub fn declare(table: *Table, name: []const u8) OutOfMemory!void {
        table.most +|= 1;
        table.most_bytes +|= name.len;
        _ = table.intern(name) catch |problem| switch (problem) {
            error.TooManyKeys => unreachable,
            error.OutOfMemory => return error.OutOfMemory,
        };
    }

    fn add(table: *Table, name: []const u8, hash: u64) OutOfMemory!void {
        try table.keys.reserve(table.keys.len + 1);
        var copy: Buffer(u8) = .{};
        try copy.appendSlice(name);
        var head: [json.block_bytes]u8 = @splat(0);
        const shown = @min(name.len, json.block_bytes);
        @memcpy(head[0..shown], name[0..shown]);
        var head_bits: HeadBits = std.math.maxInt(HeadBits);
        if (name.len < json.block_bytes) {
            head[name.len] = '"';
            head_bits >>= @intCast(json.block_bytes - 1 - name.len);
        }
        var escaped = false;
        for (name) |byte| escaped = escaped or byte == '"' or byte == '\\' or byte < 0x20;
        // Such a key never stands: not even where all of its head does.
        if (escaped) head_bits = std.math.maxInt(HeadBits);
        table.keys.append(.{
            .name = copy,
            .hash = hash,
            .head = head,
            .head_bits = head_bits,
            .escaped = escaped,
        }) catch unreachable;
    }

    /// The slot that holds the key, or the free one where it belongs.
    fn slotOf(table: *const Table, hash: u64, name: []const u8) usize {
        const mask = table.slots.len - 1;
        var slot: usize = @as(usize, @truncate(hash)) & mask;
        while (true) : (slot = (slot + 1) & mask) {
            const index = table.slots.items()[slot];
            if (index == 0) return slot;
            const key = &table.keys.items()[index - 1];
            if (key.hash == hash and std.mem.eql(u8, key.name.items(), name)) return slot;
        }
    }

    fn rehash(table: *Table) OutOfMemory!void {
        try table.slots.grow(@max(64, 2 * table.slots.len));
        table.slots.len = table.slots.room.len;
        @memset(table.slots.items(), 0);
        for (table.keys.items(), 1..) |*key, number| {
            table.slots.items()[table.slotOf(key.hash, key.name.items())] = @intCast(number);
        }
    }

    /// Take back the key that was added last; those before it were placed without it.
    pub fn forgetLast(table: *Table) void {
        const key = &table.keys.items()[table.keys.len - 1];
        table.slots.items()[table.slotOf(key.hash, key.name.items())] = 0;
        table.bytes -= key.name.len;
        key.name.free();
        key.column.free();
        table.keys.len -= 1;
    }

    pub fn free(table: *Table) void {
        for (table.keys.items()) |*key| {
            key.name.free();
            key.column.free();
        }
        table.keys.free();
        table.slots.free();
    }
};
