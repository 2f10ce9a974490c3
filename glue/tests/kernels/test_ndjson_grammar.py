"""RFC 8259, case by case: what is a row, what is none and why, and the text of every value.

The names of the cases follow the parsing test suite of Nicolas Seriot (y: must be taken, n: must be refused,
i: the RFC leaves it open, so the answer is ours).
"""

import json

import pytest

from tests.support.ndjson import ENGINES, judge

WELL_FORMED = {
    "array_arraysWithSpaces": b"[[]   ]",
    "array_empty-string": b'[""]',
    "array_empty": b"[]",
    "array_ending_with_return": b"[\r]",
    "array_false": b"[false]",
    "array_heterogeneous": b'[null, 1, "1", {}]',
    "array_null": b"[null]",
    "array_with_leading_space": b" [1]",
    "array_with_several_null": b"[1,null,null,null,2]",
    "array_with_trailing_space": b"[2] ",
    "number": b"[123e65]",
    "number_0e+1": b"[0e+1]",
    "number_0e1": b"[0e1]",
    "number_after_space": b"[ 4]",
    "number_close_to_zero": b"[-0." + b"0" * 77 + b"1]",
    "number_int_with_exp": b"[20e1]",
    "number_minus_zero": b"[-0]",
    "number_negative_int": b"[-123]",
    "number_negative_one": b"[-1]",
    "number_negative_zero": b"[-0]",
    "number_real_capital_e": b"[1E22]",
    "number_real_capital_e_neg_exp": b"[1E-2]",
    "number_real_capital_e_pos_exp": b"[1E+2]",
    "number_real_exponent": b"[123.456e78]",
    "number_real_fraction_exponent": b"[123.456e-78]",
    "number_simple_int": b"[123]",
    "number_simple_real": b"[123.456789]",
    "object": b'{"asd":"sdf", "dfg":"fgh"}',
    "object_basic": b'{"asd":"sdf"}',
    "object_empty": b"{}",
    "object_empty_key": b'{"":0}',
    "object_escaped_null_in_key": b'{"foo\\u0000bar": 42}',
    "object_extreme_numbers": b'{ "min": -1.0e+28, "max": 1.0e+28 }',
    "object_long_strings": b'{"x":[{"id": "' + b"x" * 40 + b'"}], "id": "' + b"x" * 40 + b'"}',
    "object_simple": b'{"a":[]}',
    "object_string_unicode": rb'{"title":"\u041f\u043e\u043b\u0442\u043e\u0440\u0430" }',
    "object_with_tabs": b'{\t"a"\t:\t"b"\r}',
    "string_1_2_3_bytes_UTF-8_sequences": rb'["\u0060\u012a\u12AB"]',
    "string_accepted_surrogate_pair": rb'["\uD801\udc37"]',
    "string_accepted_surrogate_pairs": rb'["\ud83d\ude39\ud83d\udc8d"]',
    "string_allowed_escapes": rb'["\"\\\/\b\f\n\r\t"]',
    "string_backslash_and_u_escaped_zero": rb'["\\u0000"]',
    "string_backslash_doublequotes": rb'["\""]',
    "string_comments": b'["a/*b*/c/*d//e"]',
    "string_double_escape_a": rb'["\\a"]',
    "string_double_escape_n": rb'["\\n"]',
    "string_escaped_control_character": rb'["\u0012"]',
    "string_escaped_noncharacter": rb'["\uFFFF"]',
    "string_in_array": b'["asd"]',
    "string_in_array_with_leading_space": b'[ "asd"]',
    "string_last_surrogates_1_and_2": rb'["\uDBFF\uDFFF"]',
    "string_nbsp_uescaped": rb'["new\u00A0line"]',
    "string_nonCharacterInUTF-8_U+10FFFF": b'["\xf4\x8f\xbf\xbf"]',
    "string_nonCharacterInUTF-8_U+FFFF": b'["\xef\xbf\xbf"]',
    "string_null_escape": rb'["\u0000"]',
    "string_one-byte-utf-8": rb'["\u002c"]',
    "string_pi": b'["\xcf\x80"]',
    "string_reservedCharacterInUTF-8_U+1BFFF": b'["\xf0\x9b\xbf\xbf"]',
    "string_simple_ascii": b'["asd "]',
    "string_space": b'" "',
    "string_surrogates_U+1D11E_MUSICAL_SYMBOL_G_CLEF": rb'["\uD834\uDd1e"]',
    "string_three-byte-utf-8": rb'["\u0821"]',
    "string_two-byte-utf-8": rb'["\u0123"]',
    "string_u+2028_line_sep": b'["\xe2\x80\xa8"]',
    "string_u+2029_par_sep": b'["\xe2\x80\xa9"]',
    "string_uEscape": rb'["\u0061\u30af\u30EA\u30b9"]',
    "string_uescaped_newline": rb'["new\u000Aline"]',
    "string_unescaped_char_delete": b'["\x7f"]',
    "string_unicode": rb'["\uA66D"]',
    "string_unicodeEscapedBackslash": rb'["\u005C"]',
    "string_unicode_2": '["⍂㈴⍂"]'.encode(),
    "string_unicode_U+10FFFE_nonchar": rb'["\uDBFF\uDFFE"]',
    "string_unicode_U+200B_ZERO_WIDTH_SPACE": rb'["\u200B"]',
    "string_unicode_U+FDD0_nonchar": rb'["\uFDD0"]',
    "string_unicode_escaped_double_quote": rb'["\u0022"]',
    "string_utf8": '["€𝄞"]'.encode(),
    "string_with_del_character": b'["a\x7fa"]',
    "structure_lonely_false": b"false",
    "structure_lonely_int": b"42",
    "structure_lonely_negative_real": b"-0.1",
    "structure_lonely_null": b"null",
    "structure_lonely_string": b'"asd"',
    "structure_lonely_true": b"true",
    "structure_string_empty": b'""',
    "structure_true_in_array": b"[true]",
    "structure_whitespace_array": b" [] ",
}

NOT_WELL_FORMED = {
    "array_1_true_without_comma": b"[1 true]",
    "array_colon_instead_of_comma": b'["": 1]',
    "array_comma_after_close": b'[""],',
    "array_comma_and_number": b"[,1]",
    "array_double_comma": b"[1,,2]",
    "array_double_extra_comma": b'["x",,]',
    "array_extra_close": b'["x"]]',
    "array_extra_comma": b'["",]',
    "array_incomplete": b'["x"',
    "array_incomplete_invalid_value": b"[x",
    "array_inner_array_no_comma": b"[3[4]]",
    "array_items_separated_by_semicolon": b"[1:2]",
    "array_just_comma": b"[,]",
    "array_just_minus": b"[-]",
    "array_missing_value": b'[   , ""]',
    "array_number_and_comma": b"[1,]",
    "array_number_and_several_commas": b"[1,,]",
    "array_spaces_vertical_tab_formfeed": b'["\x0ba"\\f]',
    "array_star_inside": b"[*]",
    "array_unclosed": b'[""',
    "array_unclosed_trailing_comma": b"[1,",
    "array_unclosed_with_object_inside": b"[{}",
    "incomplete_false": b"[fals]",
    "incomplete_null": b"[nul]",
    "incomplete_true": b"[tru]",
    "multidigit_number_then_00": b"123\x00",
    "number_++": b"[++1234]",
    "number_+1": b"[+1]",
    "number_+Inf": b"[+Inf]",
    "number_-01": b"[-01]",
    "number_-1.0.": b"[-1.0.]",
    "number_-2.": b"[-2.]",
    "number_-NaN": b"[-NaN]",
    "number_.-1": b"[.-1]",
    "number_.2e-3": b"[.2e-3]",
    "number_0.1.2": b"[0.1.2]",
    "number_0.3e+": b"[0.3e+]",
    "number_0.3e": b"[0.3e]",
    "number_0.e1": b"[0.e1]",
    "number_0_capital_E+": b"[0E+]",
    "number_0_capital_E": b"[0E]",
    "number_0e+": b"[0e+]",
    "number_0e": b"[0e]",
    "number_1.0e+": b"[1.0e+]",
    "number_1.0e-": b"[1.0e-]",
    "number_1.0e": b"[1.0e]",
    "number_1_000": b"[1 000.0]",
    "number_1eE2": b"[1eE2]",
    "number_2.e+3": b"[2.e+3]",
    "number_2.e-3": b"[2.e-3]",
    "number_2.e3": b"[2.e3]",
    "number_9.e+": b"[9.e+]",
    "number_Inf": b"[Inf]",
    "number_NaN": b"[NaN]",
    "number_U+FF11_fullwidth_digit_one": "[１]".encode(),
    "number_expression": b"[1+2]",
    "number_hex_1_digit": b"[0x1]",
    "number_hex_2_digits": b"[0x42]",
    "number_infinity": b"[Infinity]",
    "number_invalid+-": b"[0e+-1]",
    "number_invalid-negative-real": b"[-123.123foo]",
    "number_minus_infinity": b"[-Infinity]",
    "number_minus_sign_with_trailing_garbage": b"[-foo]",
    "number_minus_space_1": b"[- 1]",
    "number_neg_int_starting_with_zero": b"[-012]",
    "number_neg_real_without_int_part": b"[-.123]",
    "number_neg_with_garbage_at_end": b"[-1x]",
    "number_real_garbage_after_e": b"[1ea]",
    "number_real_without_fractional_part": b"[1.]",
    "number_starting_with_dot": b"[.123]",
    "number_then_00": b"1\x00",
    "number_with_alpha": b"[1.2a-3]",
    "number_with_alpha_char": b"[1.8011670033376514H-308]",
    "number_with_leading_zero": b"[012]",
    "object_bad_value": b'["x", truth]',
    "object_bracket_key": b'{[: "x"}',
    "object_comma_instead_of_colon": b'{"x", null}',
    "object_double_colon": b'{"x"::"b"}',
    "object_emoji": "{🇨🇭}".encode(),
    "object_garbage_at_end": b'{"a":"a" 123}',
    "object_key_with_single_quotes": b"{key: 'value'}",
    "object_lone_continuation_in_key_follows_comma": b'{"a":"b",,"c":"d"}',
    "object_missing_colon": b'{"a" b}',
    "object_missing_key": b'{:"b"}',
    "object_missing_semicolon": b'{"a" "b"}',
    "object_missing_value": b'{"a":',
    "object_no-colon": b'{"a"',
    "object_non_string_key": b"{1:1}",
    "object_non_string_key_but_huge_number_instead": b"{9999E9999:1}",
    "object_repeated_null_null": b"{null:null,null:null}",
    "object_several_trailing_commas": b'{"id":0,,,,,}',
    "object_single_quote": b"{'a':0}",
    "object_trailing_comma": b'{"id":0,}',
    "object_trailing_comment": b'{"a":"b"}/**/',
    "object_trailing_comment_open": b'{"a":"b"}/**//',
    "object_trailing_comment_slash_open": b'{"a":"b"}//',
    "object_trailing_comment_slash_open_incomplete": b'{"a":"b"}/',
    "object_two_commas_in_a_row": b'{"a":"b",,"c":"d"}',
    "object_unquoted_key": b'{a: "b"}',
    "object_unterminated-value": b'{"a":"a',
    "object_with_single_string": b'{ "foo" : "bar", "a" }',
    "object_with_trailing_garbage": b'{"a":"b"}#',
    "single_space_in_text": b"a b",
    "string_1_surrogate_then_escape_u": rb'["\u"]',
    "string_accentuated_char_no_quotes": "[é]".encode(),
    "string_backslash_00": b'["\\\x00"]',
    "string_escape_x": rb'["\x00"]',
    "string_escaped_backslash_bad": rb'["\\\"]',
    "string_escaped_ctrl_char_tab": b'["\\\t"]',
    "string_escaped_emoji": '["\\🌀"]'.encode(),
    "string_incomplete_escape": rb'["\"]',
    "string_incomplete_escaped_character": rb'["\u00A"]',
    "string_invalid_backslash_esc": rb'["\a"]',
    "string_invalid_unicode_escape": rb'["\uqqqq"]',
    "string_leading_uescaped_thinspace": rb'[\u0020"asd"]',
    "string_no_quotes_with_bad_escape": rb"[\n]",
    "string_single_doublequote": b'"',
    "string_single_quote": b"['single quote']",
    "string_single_string_no_double_quotes": b"abc",
    "string_start_escape_unclosed": b'["\\',
    "string_unescaped_ctrl_char": b'["a\x00a"]',
    "string_unescaped_escape_char": b'["a\x1ba"]',
    "string_unescaped_tab": b'["\t"]',
    "string_unicode_CapitalU": rb'"\UA66D"',
    "string_with_trailing_garbage": b'""x',
    "structure_U+2060_word_joined": "[\u2060]".encode(),
    "structure_angle_bracket_.": b"<.>",
    "structure_angle_bracket_null": b"[<null>]",
    "structure_array_trailing_garbage": b"[1]x",
    "structure_array_with_extra_array_close": b"[1]]",
    "structure_array_with_unclosed_string": b'["asd]',
    "structure_ascii-unicode-identifier": "aå".encode(),
    "structure_capitalized_True": b"[True]",
    "structure_close_unopened_array": b"1]",
    "structure_comma_instead_of_closing_brace": b'{"x": true,',
    "structure_double_array": b"[][]",
    "structure_end_array": b"]",
    "structure_form_feed": b"[\x0c]",
    "structure_lone-open-bracket": b"[",
    "structure_null-byte-outside-string": b"[\x00]",
    "structure_number_with_trailing_garbage": b"2@",
    "structure_object_followed_by_closing_object": b"{}}",
    "structure_object_unclosed_no_value": b'{"":',
    "structure_object_with_comment": b'{"a":/*comment*/"b"}',
    "structure_object_with_trailing_garbage": b'{"a": true} "x"',
    "structure_open_array_apostrophe": b"['",
    "structure_open_array_comma": b"[,",
    "structure_open_array_open_object": b"[{",
    "structure_open_array_open_string": b'["a',
    "structure_open_array_string": b'["a"',
    "structure_open_object": b"{",
    "structure_open_object_close_array": b"{]",
    "structure_open_object_comma": b"{,",
    "structure_open_object_open_array": b"{[",
    "structure_open_object_open_string": b'{"a',
    "structure_open_object_string_with_apostrophes": b"{'a'",
    "structure_open_open": b'["\\{["\\{["\\{["\\{',
    "structure_single_eacute_in_utf8": "é".encode(),
    "structure_single_star": b"*",
    "structure_trailing_#": b'{"a":"b"}#{}',
    "structure_U+FEFF_in_the_middle": b"[\xef\xbb\xbf1]",
    "structure_uescaped_LF_before_string": rb'[\u000A""]',
    "structure_unclosed_array": b"[1",
    "structure_unclosed_array_partial_null": b"[ false, nul",
    "structure_unclosed_array_unfinished_false": b"[ true, fals",
    "structure_unclosed_array_unfinished_true": b"[ false, tru",
    "structure_unclosed_object": b'{"asd":"asd"',
    "structure_unicode-identifier": "å".encode(),
    "structure_whitespace_U+2060_word_joiner": "\u2060".encode(),
    "structure_whitespace_U+00A0_no_break_space": "[\u00a0]".encode(),
    "structure_whitespace_formfeed": b"\x0c",
    "structure_whitespace_vertical_tab": b"\x0b{}",
    "structure_null_byte": b"\x00",
}

LEFT_OPEN = {
    "number_double_huge_neg_exp": (b"123.456e-789", "123.456e-789"),
    "number_huge_exp": (b"0.4e00669999999999999999999999999999969999999006", None),
    "number_pos_double_huge_exp": (b"1.5e+9999", "1.5e+9999"),
    "number_too_big_pos_int": (b"100000000000000000000", "100000000000000000000"),
    "number_very_big_negative_int": (b"-237462374673276894279832749832423479823246327846", None),
    "string_1st_surrogate_but_2nd_missing": (rb'"\uDADA"', "lone-surrogate"),
    "string_1st_valid_surrogate_2nd_invalid": (rb'"\uD888\u1234"', "lone-surrogate"),
    "string_incomplete_surrogate_and_escape_valid": (rb'"\uD800\n"', "lone-surrogate"),
    "string_incomplete_surrogate_pair": (rb'"\uDd1ea"', "lone-surrogate"),
    "string_incomplete_surrogates_escape_valid": (rb'"\uD800\uD800\n"', "lone-surrogate"),
    "string_invalid_lonely_surrogate": (rb'"\ud800"', "lone-surrogate"),
    "string_invalid_surrogate": (rb'"\ud800abc"', "lone-surrogate"),
    "string_inverted_surrogates_U+1D11E": (rb'"\uDd1e\uD834"', "lone-surrogate"),
    "string_1_surrogate_then_escape_u1": (rb'"\uD800\u1"', "lone-surrogate"),
    "string_1_surrogate_then_escape_u1x": (rb'"\uD800\u1x"', "lone-surrogate"),
    "string_1_surrogate_then_escape_u_no_digit": (rb'"\ud800\uZZZZ"', "lone-surrogate"),
    "string_surrogate_after_a_broken_escape": (rb'"\uZZZZ\ud800"', "not-json"),
    "string_UTF-16LE_with_BOM": (b'"\xff\xfe[\x00\xe9"', "invalid-utf8"),
    "string_UTF-8_invalid_sequence": (b'"\xe6\x97\xa5\xd1\x88\xfa"', "invalid-utf8"),
    "string_UTF8_surrogate_U+D800": (b'"\xed\xa0\x80"', "invalid-utf8"),
    "string_not_in_unicode_range": (b'"\xf4\xbf\xbf\xbf"', "invalid-utf8"),
    "string_overlong_sequence_2_bytes": (b'"\xc0\xaf"', "invalid-utf8"),
    "string_overlong_sequence_6_bytes": (b'"\xfc\x83\xbf\xbf\xbf\xbf"', "invalid-utf8"),
    "string_truncated-utf-8": (b'"\xe0\xff"', "invalid-utf8"),
    "structure_500_nested_arrays": (b"[" * 500 + b"]" * 500, "too-deep"),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", WELL_FORMED)
def test_takes_what_is_well_formed(case: str, engine: str) -> None:
    text = WELL_FORMED[case]
    if text.startswith(b"{"):
        assert isinstance(judge(engine, text), dict)
    else:
        assert judge(engine, text) == "not-an-object"
    value = json.loads(text)
    stripped = text.strip().decode()
    assert judge(engine, b'{"v" : ' + text + b"}") == {
        "v": value if isinstance(value, str | None) else stripped
    }


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", NOT_WELL_FORMED)
def test_refuses_what_is_not(case: str, engine: str) -> None:
    text = NOT_WELL_FORMED[case]
    assert judge(engine, text) == "not-json"
    assert judge(engine, b'{"v":' + text + b"}") == "not-json"
    assert judge(engine, b'{"v":{"w":[1,' + text + b"]}}") == "not-json"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", LEFT_OPEN)
def test_decides_what_the_grammar_leaves_open(case: str, engine: str) -> None:
    text, expected = LEFT_OPEN[case]
    if expected is None or expected[0] in "-0123456789":
        assert judge(engine, b'{"v":' + text + b"}") == {"v": text.decode()}
    else:
        assert judge(engine, text) == expected
        assert judge(engine, b'{"v":' + text + b"}") == expected


NUMBERS = [
    "0",
    "-0",
    "1.10",
    "-0.0",
    "1e5",
    "1E+05",
    "1.5e-07",
    "12345678901234567890",
    "0.1000000000000000055511",
]
NO_NUMBERS = [
    "00",
    "-",
    "+1",
    ".5",
    "5.",
    "1e",
    "1e+",
    "0x1",
    "1_0",
    "--1",
    "1.e1",
    "01.5",
    "-a",
    "٣",
    "Infinity",
]

ESCAPES = {
    rb"\"\\\/\b\f\n\r\t": '"\\/\b\f\n\r\t',
    rb"\u0000": "\0",
    rb"\u001f\u0022\u005C": '\x1f"\\',
    rb"\u00e9\u20AC": "é€",
    rb"\uD800\uDC00": "\U00010000",
    rb"\udbff\udfff": "\U0010ffff",
    rb"\ud7ff\ue000": "\ud7ff\ue000",
    rb"\\ud800": "\\ud800",
    rb"x\ud83d\ude00y\nz": "x😀y\nz",
    "né€😀".encode(): "né€😀",
}

NOT_UTF8 = {
    "lone continuation": b"\x80",
    "last continuation": b"\xbf",
    "overlong of two": b"\xc0\x80",
    "highest overlong of two": b"\xc1\xbf",
    "overlong of three": b"\xe0\x9f\xbf",
    "overlong of four": b"\xf0\x8f\xbf\xbf",
    "first surrogate": b"\xed\xa0\x80",
    "last surrogate": b"\xed\xbf\xbf",
    "surrogate pair": b"\xed\xa0\xbd\xed\xb8\x80",
    "above the last code point": b"\xf4\x90\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80",
    "FE": b"\xfe",
    "FF": b"\xff",
    "two cut to one": b"\xc3",
    "three cut to two": b"\xe2\x82",
    "four cut to three": b"\xf0\x9f\x98",
    "cut by a letter": b"\xe2\x82a",
    "cut by another": b"\xe2\x82\xc3\xa9",
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("text", NUMBERS)
def test_keeps_a_number_as_it_stood(text: str, engine: str) -> None:
    assert judge(engine, f'{{"v":{text}}}'.encode()) == {"v": text}
    assert judge(engine, f'{{"v":{text} ,"w":[{text}]}}'.encode()) == {"v": text, "w": f"[{text}]"}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("text", NO_NUMBERS)
def test_refuses_what_is_no_number(text: str, engine: str) -> None:
    assert judge(engine, f'{{"v":{text}}}'.encode()) == "not-json"
    assert judge(engine, f'{{"v":[{text}]}}'.encode()) == "not-json"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("padding", [0, 1, 7, 15, 16, 31, 32, 63, 64, 65, 200])
def test_unescapes_strings_and_keys_wherever_they_begin(padding: int, engine: str) -> None:
    for written, meant in ESCAPES.items():
        line = b'{"' + b"x" * padding + b'":1,"k' + written + b'":"' + b"y" * padding + written + b'"}'
        assert judge(engine, line) == {"x" * padding: "1", "k" + meant: "y" * padding + meant}


@pytest.mark.parametrize("engine", ENGINES)
def test_keeps_nested_values_byte_by_byte(engine: str) -> None:
    nested = b'{ "a" : [1.10 ,\t"\\u0041\\/", null ] , "a" : { } }'
    assert judge(engine, b'{"v" :  ' + nested + b'\t, "w":[ ] }') == {"v": nested.decode(), "w": "[ ]"}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("code", sorted({*range(32)} - {ord("\n")}))
def test_refuses_every_control_character_in_a_string(code: int, engine: str) -> None:
    for padding in (0, 15, 16, 40):
        string = b'"' + b"x" * padding + bytes([code]) + b'y"'
        assert judge(engine, b'{"v":' + string + b"}") == "not-json"
        assert judge(engine, b"{" + string + b":1}") == "not-json"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", NOT_UTF8)
def test_refuses_what_is_not_utf_8_anywhere_in_the_line(case: str, engine: str) -> None:
    bad = NOT_UTF8[case]
    for padding in (0, 1, 13, 29, 61, 200):
        begin = b'{"' + b"x" * padding
        assert judge(engine, begin + bad + b'":1}') == "invalid-utf8"
        assert judge(engine, begin + b'":"' + bad + b'"}') == "invalid-utf8"
        assert judge(engine, begin + b'":1}' + bad) == "invalid-utf8"
        assert judge(engine, begin + b'" oops {{{ ' + bad) == "invalid-utf8"


@pytest.mark.parametrize("engine", ENGINES)
def test_takes_the_first_and_last_character_of_every_length(engine: str) -> None:
    text = "\x7f\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff"
    for padding in range(40):
        assert judge(engine, b'{"v":"' + b"x" * padding + text.encode() + b'"}') == {
            "v": "x" * padding + text
        }
