import pytest

from tinygrade import UsageError


def written(tmp_path, content):
    file = tmp_path / "strings.txt"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_lines_comments_and_repeats(room, tmp_path):
    file = written(tmp_path, "﻿# words\r\nBEAD\n\n  FACE  \nBEAD\n7\n")
    assert room.data.read_strings(file) == ("BEAD", "FACE", "BEAD", "7")
    assert room.data.cases_of(("BEAD", "FACE", "BEAD", "7")) == ("BEAD", "FACE")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no string of two or more characters"),
        ("# nothing\n\n", "holds no string of two or more"),
        ("A\nB\n", "holds no string of two or more"),
        (b"AB\n\xff\xfe\n", "strings.txt:2: is not UTF-8 text"),
        ("AB\nABCDEFGHIJ\n", "strings.txt:2: 'ABCDEFGHIJ' has 10 characters; the model reads 9"),
        ("AB\nbread\n", "txt:2: 'bread' holds 'a' 'b' 'd' 'e' 'r'; the characters are 0-9 and A-T; write it in"),
        ("WXYZ\n", "'WXYZ' holds 'W' 'X' 'Y' 'Z'; the characters are 0-9 and A-T$"),
        ("A\x1b[31mB\n", "strings.txt:1: "),
        (b"A" * (1 << 20) + b"AB\n", "larger than 1 MiB"),
        ("AB\n" * 2001, "holds 2,001 strings, more than 2,000"),
    ],
)
def test_bad_files_name_the_line(room, tmp_path, content, message):
    with pytest.raises(UsageError, match=message.replace("(", r"\(")):
        room.data.read_strings(written(tmp_path, content))


def test_files_that_cannot_be_read(room, tmp_path):
    with pytest.raises(UsageError, match="nowhere.txt: cannot be read: No such file"):
        room.data.read_strings(tmp_path / "nowhere.txt")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        room.data.read_strings(tmp_path)
