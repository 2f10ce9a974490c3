//! Memory of the C library: what is given away in Arrow arrays is freed by whoever holds them last.

const std = @import("std");

pub const OutOfMemory = error{OutOfMemory};

pub fn create(comptime T: type) OutOfMemory!*T {
    const memory = std.c.malloc(@sizeOf(T)) orelse return error.OutOfMemory;
    return @ptrCast(@alignCast(memory));
}

pub fn destroy(pointer: *anyopaque) void {
    std.c.free(pointer);
}

/// A growing row of `T`; `len` of them are in use. Plain memory: nothing in it is freed one by one.
pub fn Buffer(comptime T: type) type {
    return struct {
        room: []T = &.{},
        len: usize = 0,

        const Self = @This();

        pub inline fn items(buffer: *const Self) []T {
            return buffer.room[0..buffer.len];
        }

        /// Room for `capacity` items at least; doubled when it grows, so that appending stays linear.
        pub fn reserve(buffer: *Self, capacity: usize) OutOfMemory!void {
            if (capacity <= buffer.room.len) return;
            try buffer.grow(@max(capacity, 2 * buffer.room.len, 64));
        }

        /// Room for exactly `capacity` items, where it has less.
        pub noinline fn grow(buffer: *Self, capacity: usize) OutOfMemory!void {
            if (capacity <= buffer.room.len) return;
            const old: ?*anyopaque = if (buffer.room.len == 0) null else @ptrCast(buffer.room.ptr);
            const bytes = std.math.mul(usize, capacity, @sizeOf(T)) catch return error.OutOfMemory;
            const memory = std.c.realloc(old, bytes) orelse return error.OutOfMemory;
            buffer.room = @as([*]T, @ptrCast(@alignCast(memory)))[0..capacity];
        }

        pub fn resize(buffer: *Self, len: usize) OutOfMemory!void {
            try buffer.reserve(len);
            buffer.len = len;
        }

        pub inline fn append(buffer: *Self, item: T) OutOfMemory!void {
            if (buffer.len == buffer.room.len) try buffer.reserve(buffer.len + 1);
            buffer.room[buffer.len] = item;
            buffer.len += 1;
        }

        pub fn appendSlice(buffer: *Self, slice: []const T) OutOfMemory!void {
            try buffer.reserve(buffer.len + slice.len);
            @memcpy(buffer.room[buffer.len..][0..slice.len], slice);
            buffer.len += slice.len;
        }

        /// The memory itself, no longer the buffer's; null when there is none.
        pub fn give(buffer: *Self) ?*anyopaque {
            defer buffer.* = .{};
            return if (buffer.room.len == 0) null else @ptrCast(buffer.room.ptr);
        }

        pub fn free(buffer: *Self) void {
            if (buffer.give()) |memory| std.c.free(memory);
        }
    };
}
