//! NDJSON bytes in, columns of exact text out, by the Arrow C data interface.
//!
//! A parser is opened, told which keys are declared, fed chunks of any size, asked for a batch whenever one is
//! complete, and closed. The rules are those of glue/tributary/kernels/formats/ndjson/plain.py, which gives the same
//! batches, slowly.

const std = @import("std");
const builtin = @import("builtin");

const parsing = @import("parser.zig");
const Options = parsing.Options;
const Output = parsing.Output;
const Parser = parsing.Parser;
const Status = parsing.Status;

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

/// The names stand one behind the other, each once.
fn declare(parser: *Parser, names: [*]const u8, lengths: [*]const usize, count: usize) callconv(.c) Status {
    var at: usize = 0;
    for (lengths[0..count]) |length| {
        parser.rows.table.declare(names[at..][0..length]) catch return .out_of_memory;
        at += length;
    }
    return .hungry;
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
    for (
        .{ "open", "declare", "feed", "finish", "take", "close" },
        .{ &open, &declare, &feed, &finish, &take, &close },
    ) |name, function| {
        @export(function, .{ .name = "tributary_ndjson_" ++ variant ++ "_" ++ name });
    }
}
