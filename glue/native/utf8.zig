//! UTF-8 after RFC 3629: shortest forms, no surrogates, up to U+10FFFF.

const json = @import("json.zig");

const block_bytes = json.block_bytes;
const Block = json.Block;
const Flags = @Vector(block_bytes, bool);

/// Whether the line `buffer[start..end]` is UTF-8; its LF at `end` and `pad` bytes follow.
///
/// A byte is judged by the three before it, all bytes of a block at once. With the LF, which can follow nothing
/// unfinished, the last character is judged, too.
pub fn isUtf8(buffer: []const u8, start: usize, end: usize) bool {
    var before: Block = @splat(0);
    var wrong: Flags = @splat(false);
    var at = start;
    while (at + block_bytes <= end) : (at += block_bytes) {
        const block: Block = buffer[at..][0..block_bytes].*;
        wrong |= misplaced(before, block);
        before = block;
    }
    const rest: Block = buffer[at..][0..block_bytes].*;
    const in_line = @as(Block, @splat(@intCast(end - at))) > places;
    wrong |= misplaced(before, @select(u8, in_line, rest, all(0)));
    return !@reduce(.Or, wrong);
}

const places: Block = place: {
    var numbers: [block_bytes]u8 = undefined;
    for (&numbers, 0..) |*number, index| number.* = index;
    break :place numbers;
};

/// The bytes of a block that may not stand where they do (RFC 3629, section 4).
inline fn misplaced(before: Block, block: Block) Flags {
    const last = shifted(before, block, 1);
    const is_tail = (block & all(0xC0)) == all(0x80);
    const must_be_tail = (last >= all(0xC0)) |
        (shifted(before, block, 2) >= all(0xE0)) |
        (shifted(before, block, 3) >= all(0xF0));
    const overlong_of_three = (last == all(0xE0)) & (block < all(0xA0));
    const overlong_of_four = (last == all(0xF0)) & (block < all(0x90));
    const surrogate = (last == all(0xED)) & (block > all(0x9F));
    const too_high = (last == all(0xF4)) & (block > all(0x8F));
    const never = (block > all(0xF4)) | ((block & all(0xFE)) == all(0xC0));
    return (is_tail != must_be_tail) | overlong_of_three | overlong_of_four | surrogate | too_high | never;
}

/// For each byte of a block the one that stands `distance` before it.
inline fn shifted(before: Block, block: Block, comptime distance: usize) Block {
    comptime var mask: [block_bytes]i32 = undefined;
    inline for (0..block_bytes) |index| {
        // Those of the second vector are counted from -1 downwards.
        mask[index] = if (index < distance) block_bytes + index - distance else ~@as(i32, index - distance);
    }
    return @shuffle(u8, before, block, mask);
}

inline fn all(byte: u8) Block {
    return @splat(byte);
}
