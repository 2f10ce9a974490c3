//! The Arrow C data interface: arrays whose memory is freed by whoever holds them last.
//! https://arrow.apache.org/docs/format/CDataInterface.html

const std = @import("std");
const memory = @import("memory.zig");

const Column = @import("column.zig").Column;
const Buffer = memory.Buffer;
const OutOfMemory = memory.OutOfMemory;

pub const Array = extern struct {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: ?[*]const ?*anyopaque,
    children: ?[*]const *Array,
    dictionary: ?*Array,
    release: ?*const fn (*Array) callconv(.c) void,
    private_data: ?*Holder,
};

/// What an array owns. The children stand in one block, which goes with the array that has them.
const Holder = struct {
    buffers: [3]?*anyopaque = @splat(null),
    children: []Array = &.{},
    pointers: Buffer(*Array) = .{},
};

fn release(array: *Array) callconv(.c) void {
    const holder = array.private_data.?;
    for (holder.buffers) |buffer| std.c.free(buffer);
    // A child that was moved elsewhere is no longer here to be released.
    for (holder.children) |*child| if (child.release) |release_child| release_child(child);
    if (holder.children.len > 0) std.c.free(holder.children.ptr);
    holder.pointers.free();
    memory.destroy(holder);
    array.release = null;
}

fn make(array: *Array, length: usize, buffers: usize) OutOfMemory!*Holder {
    const holder = try memory.create(Holder);
    holder.* = .{};
    array.* = .{
        .length = @intCast(length),
        .null_count = 0,
        .offset = 0,
        .n_buffers = @intCast(buffers),
        .n_children = 0,
        .buffers = &holder.buffers,
        .children = null,
        .dictionary = null,
        .release = release,
        .private_data = holder,
    };
    return holder;
}

/// A column of texts or bytes; takes its memory.
pub fn texts(array: *Array, column: *Column) OutOfMemory!void {
    const holder = try make(array, column.rows, 3);
    array.null_count = column.nulls;
    column.last_bytes = column.data.len;
    column.last_rows = column.rows;
    if (column.nulls > 0) holder.buffers[0] = column.validity.give() else column.validity.len = 0;
    holder.buffers[1] = column.offsets.give();
    holder.buffers[2] = column.data.give();
}

/// A column of 64-bit integers; takes its memory.
pub fn integers(array: *Array, buffer: *Buffer(i64)) OutOfMemory!void {
    const holder = try make(array, buffer.len, 2);
    holder.buffers[1] = buffer.give();
}

/// A batch of `columns` columns, each to be filled in its child, which is empty until then.
pub fn batch(array: *Array, rows: usize, columns: usize) OutOfMemory![]Array {
    const holder = try make(array, rows, 1);
    errdefer release(array);
    var children: Buffer(Array) = .{};
    try children.resize(columns);
    holder.children = children.items();
    for (holder.children) |*child| child.release = null;
    try holder.pointers.reserve(columns);
    for (holder.children) |*child| holder.pointers.append(child) catch unreachable;
    array.children = holder.pointers.room.ptr;
    array.n_children = @intCast(columns);
    return holder.children;
}
