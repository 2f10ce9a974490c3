//! The grammar of RFC 8259, read a vector at a time where strings and digits allow it.
//!
//! Every function reads a buffer in which the line ends with LF and `pad` bytes follow that. As LF ends every
//! token, a block whose bytes are all of a token lies before the LF, and so the next block may be loaded.

const std = @import("std");
const memory = @import("memory.zig");

const Buffer = memory.Buffer;
const OutOfMemory = memory.OutOfMemory;

pub const block_bytes = 32;
pub const Block = @Vector(block_bytes, u8);
const Bits = @Int(.unsigned, block_bytes);

/// Bytes that must be readable behind the LF of a line.
pub const pad = block_bytes;

pub const Error = error{ InvalidUtf8, NotJson, TooDeep, LoneSurrogate };

inline fn load(buffer: []const u8, at: usize) Block {
    return buffer[at..][0..block_bytes].*;
}

inline fn all(byte: u8) Block {
    return @splat(byte);
}

/// A bit for each byte that cannot simply stand in a string.
pub inline fn special(block: Block) Bits {
    return @bitCast((block == all('"')) | (block == all('\\')) | (block < all(0x20)));
}

pub const LineEnd = struct { end: usize, ascii: bool };

/// Where the next LF stands, or the length of the buffer; and whether all before it is ASCII.
pub fn findLineEnd(buffer: []const u8, from: usize) LineEnd {
    var at = from;
    var seen: Block = all(0);
    while (at + block_bytes <= buffer.len) : (at += block_bytes) {
        const block = load(buffer, at);
        const ends: Bits = @bitCast(block == all('\n'));
        if (ends != 0) {
            const before: u5 = @intCast(@ctz(ends));
            const high: Bits = @bitCast(block >= all(0x80));
            const ascii = high & ((@as(Bits, 1) << before) - 1) == 0;
            return .{ .end = at + before, .ascii = ascii and isAscii(seen) };
        }
        seen |= block;
    }
    var rest: u8 = 0;
    while (at < buffer.len and buffer[at] != '\n') : (at += 1) rest |= buffer[at];
    return .{ .end = at, .ascii = rest < 0x80 and isAscii(seen) };
}

inline fn isAscii(seen: Block) bool {
    return @as(Bits, @bitCast(seen >= all(0x80))) == 0;
}

/// Whether there is nothing but whitespace of JSON.
pub fn isBlank(bytes: []const u8) bool {
    for (bytes) |byte| {
        if (byte != ' ' and byte != '\t' and byte != '\r') return false;
    }
    return true;
}

/// The first byte from `from` that is no whitespace; the LF counts as none.
pub inline fn skipSpace(buffer: []const u8, from: usize) usize {
    if (buffer[from] > ' ') return from;
    return skipSpaces(buffer, from);
}

fn skipSpaces(buffer: []const u8, from: usize) usize {
    var at = from;
    while (buffer[at] == ' ' or buffer[at] == '\t' or buffer[at] == '\r') at += 1;
    return at;
}

/// Where, at `last` or before, another record begins on the line: at a `{` that follows a `}` with which all
/// brackets are closed. Nothing else is looked at, so that a broken record has an end, too.
pub fn nextRecord(buffer: []const u8, from: usize, last: usize) ?usize {
    var at = skipSpace(buffer, from);
    if (buffer[at] != '{') return null;
    var depth: usize = 0;
    while (at < last) {
        const block = load(buffer, at);
        const shapes = block | all(0x20);
        const marks: Bits = @bitCast((block == all('"')) | (shapes == all('{')) | (shapes == all('}')));
        if (marks == 0) {
            at += block_bytes;
            continue;
        }
        const byte = buffer[at + @ctz(marks)];
        at += @ctz(marks) + 1;
        if (byte == '"') {
            at = endOfText(buffer, at, last) orelse return null;
        } else if (byte | 0x20 == '{') {
            depth += 1;
        } else {
            depth -= 1;
            if (depth > 0) continue;
            const next = skipSpace(buffer, at);
            return if (byte == '}' and buffer[next] == '{' and next <= last) next else null;
        }
    }
    return null;
}

/// The place behind the quote that closes a text, whatever stands in that; null where it stands not before `last`.
fn endOfText(buffer: []const u8, from: usize, last: usize) ?usize {
    var at = from;
    while (at < last) {
        const block = load(buffer, at);
        const marks: Bits = @bitCast((block == all('"')) | (block == all('\\')));
        if (marks == 0) {
            at += block_bytes;
            continue;
        }
        at += @ctz(marks);
        if (buffer[at] == '"') return at + 1;
        at += 2;
    }
    return null;
}

pub const String = struct { end: usize, escaped: bool };

/// Read a string whose opening quote stands before `from`; tells the place behind its closing quote.
pub inline fn skipString(buffer: []const u8, from: usize) Error!String {
    const marks = special(load(buffer, from));
    if (marks != 0 and buffer[from + @ctz(marks)] == '"') return .{ .end = from + @ctz(marks) + 1, .escaped = false };
    return skipLongString(buffer, from);
}

fn skipLongString(buffer: []const u8, from: usize) Error!String {
    var at = from;
    var escaped = false;
    while (true) {
        const marks = special(load(buffer, at));
        if (marks == 0) {
            at += block_bytes;
            continue;
        }
        at += @ctz(marks);
        switch (buffer[at]) {
            '"' => return .{ .end = at + 1, .escaped = escaped },
            '\\' => at = (try readEscape(buffer, at)).end,
            else => return error.NotJson,
        }
        escaped = true;
    }
}

const Escape = struct { point: u32, end: usize };

/// Read the escape whose backslash stands at `at`. Which kind comes next cannot be guessed, so the two usual ones
/// are told apart without a branch.
inline fn readEscape(buffer: []const u8, at: usize) Error!Escape {
    const byte = buffer[at + 1];
    const is_unit: u32 = @intFromBool(byte == 'u');
    const point = singles[byte] + is_unit * hexadecimal(buffer, at + 2);
    if (point > 0xFFFF) return error.NotJson;
    if (isSurrogate(point)) return readPair(buffer, at, point);
    return .{ .point = point, .end = at + 2 + 4 * is_unit };
}

/// Read the second half of a surrogate pair, whose first one stands at `at`.
fn readPair(buffer: []const u8, at: usize, high: u32) Error!Escape {
    if (isLow(high) or buffer[at + 6] != '\\' or buffer[at + 7] != 'u') return error.LoneSurrogate;
    const low = hexadecimal(buffer, at + 8);
    if (!isLow(low)) return error.LoneSurrogate;
    return .{ .point = 0x10000 + ((high & 0x3FF) << 10 | (low & 0x3FF)), .end = at + 12 };
}

/// More than any escape of four digits stands for.
const no_point = 0x10000;

/// What a backslash and a byte stand for; the digits after a `u` stand for the rest.
const singles: [256]u32 = table: {
    var characters: [256]u32 = @splat(no_point);
    for ("\"\\/bfnrtu", "\"\\/\x08\x0C\n\r\t\x00") |byte, character| characters[byte] = character;
    break :table characters;
};

/// The value of each hexadecimal digit.
const digits: [256]u32 = table: {
    var values: [256]u32 = @splat(no_point);
    for ("0123456789abcdef", 0..) |digit, value| values[digit] = value;
    for ("ABCDEF", 10..) |digit, value| values[digit] = value;
    break :table values;
};

/// The value of four hexadecimal digits; `no_point` or more where they are none.
inline fn hexadecimal(buffer: []const u8, at: usize) u32 {
    const four = buffer[at..][0..4];
    return digits[four[0]] << 12 | digits[four[1]] << 8 | digits[four[2]] << 4 | digits[four[3]];
}

inline fn isSurrogate(unit: u32) bool {
    return unit & 0x1F800 == 0xD800;
}

inline fn isLow(unit: u32) bool {
    return unit & ~@as(u32, 0x3FF) == 0xDC00;
}

/// Append the text of a string whose opening quote stands before `from`, tell the place behind its closing quote.
/// After an error nothing is appended.
pub fn readString(buffer: []const u8, from: usize, text: *Buffer(u8)) (Error || OutOfMemory)!usize {
    var at = from;
    var len = text.len;
    while (true) {
        if (text.room.len - len < block_bytes + longest_character) try text.reserve(len + block_bytes + longest_character);
        const block = load(buffer, at);
        text.room[len..][0..block_bytes].* = block;
        const marks = special(block);
        const plain: usize = if (marks == 0) block_bytes else @ctz(marks);
        at += plain;
        len += plain;
        if (marks == 0) continue;
        if (buffer[at] != '\\') break;
        const escape = try readEscape(buffer, at);
        len += encode(escape.point, text.room[len..][0..longest_character]);
        at = escape.end;
    }
    if (buffer[at] != '"') return error.NotJson;
    text.len = len;
    return at + 1;
}

const longest_character = 4;

/// Write a character as UTF-8 (RFC 3629, section 3); tells its length.
inline fn encode(point: u32, room: *[longest_character]u8) usize {
    if (point > 0xFFFF) {
        room.* = .{ 0xF0 | bits(point, 18), tail(point, 12), tail(point, 6), tail(point, 0) };
        return 4;
    }
    // Without a branch, for which of the three lengths it is cannot be guessed.
    const tails: u32 = @as(u32, @intFromBool(point >= 0x80)) + @intFromBool(point >= 0x800);
    const marks = @as(u32, 0xE0C000) >> @truncate(8 * tails);
    const lead = point >> @truncate(6 * tails) | marks & 0xFF;
    const two_tails = @as(u32, tail(point, 6)) | @as(u32, tail(point, 0)) << 8;
    std.mem.writeInt(u32, room, lead | two_tails >> @truncate(8 * (2 - tails)) << 8, .little);
    return 1 + tails;
}

inline fn bits(point: u32, comptime shift: u5) u8 {
    return @truncate(point >> shift);
}

inline fn tail(point: u32, comptime shift: u5) u8 {
    return 0x80 | (bits(point, shift) & 0x3F);
}

/// Read a number; tells the place behind it.
pub inline fn skipNumber(buffer: []const u8, from: usize) Error!usize {
    var at = from + @intFromBool(buffer[from] == '-');
    const integer = countDigits(buffer, at);
    if (integer == 0 or (integer > 1 and buffer[at] == '0')) return error.NotJson;
    at += integer;
    if (buffer[at] == '.') {
        const fraction = countDigits(buffer, at + 1);
        if (fraction == 0) return error.NotJson;
        at += 1 + fraction;
    }
    if (buffer[at] | 0x20 == 'e') {
        at += 1;
        if (buffer[at] == '+' or buffer[at] == '-') at += 1;
        const exponent = countDigits(buffer, at);
        if (exponent == 0) return error.NotJson;
        at += exponent;
    }
    return at;
}

inline fn countDigits(buffer: []const u8, from: usize) usize {
    var at = from;
    while (true) {
        const others: Bits = @bitCast(load(buffer, at) -% all('0') > all(9));
        if (others != 0) return at + @ctz(others) - from;
        at += block_bytes;
    }
}

/// Read `true`, `false` or `null`; tells the place behind it.
pub inline fn skipLiteral(buffer: []const u8, from: usize) Error!usize {
    const four: u32 = @bitCast(buffer[from..][0..4].*);
    if (four == word("true") or four == word("null")) return from + 4;
    if (four == word("fals") and buffer[from + 4] == 'e') return from + 5;
    return error.NotJson;
}

inline fn word(comptime letters: *const [4]u8) u32 {
    return @bitCast(letters.*);
}

/// Read any value, whatever it holds; `depth` levels are open around it, `stack.len` may be.
pub fn skipValue(buffer: []const u8, from: usize, stack: []u8, depth: usize) Error!usize {
    var at = from;
    var open = depth;
    value: while (true) {
        switch (buffer[at]) {
            '"' => at = (try skipString(buffer, at + 1)).end,
            '{' => {
                if (open == stack.len) return error.TooDeep;
                at = skipSpace(buffer, at + 1);
                if (buffer[at] != '}') {
                    stack[open] = '}';
                    open += 1;
                    at = try skipKey(buffer, at);
                    continue :value;
                }
                at += 1;
            },
            '[' => {
                if (open == stack.len) return error.TooDeep;
                at = skipSpace(buffer, at + 1);
                if (buffer[at] != ']') {
                    stack[open] = ']';
                    open += 1;
                    continue :value;
                }
                at += 1;
            },
            't', 'f', 'n' => at = try skipLiteral(buffer, at),
            else => at = try skipNumber(buffer, at),
        }
        while (open > depth) {
            at = skipSpace(buffer, at);
            const byte = buffer[at];
            const closing = stack[open - 1];
            if (byte == ',') {
                at = skipSpace(buffer, at + 1);
                if (closing == '}') at = try skipKey(buffer, at);
                continue :value;
            }
            if (byte != closing) return error.NotJson;
            at += 1;
            open -= 1;
        }
        return at;
    }
}

/// Read the key of a nested object and its colon; tells where its value begins.
inline fn skipKey(buffer: []const u8, from: usize) Error!usize {
    if (buffer[from] != '"') return error.NotJson;
    const at = skipSpace(buffer, (try skipString(buffer, from + 1)).end);
    if (buffer[at] != ':') return error.NotJson;
    return skipSpace(buffer, at + 1);
}
