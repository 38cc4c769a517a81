import gzip
import pickle

import pytest

from apps.engine.errors import BadFile, TooLarge
from apps.engine.reading.sniff import sniff


@pytest.fixture
def sniffed(tmp_path):
    def run(data, **given):
        path = tmp_path / "file"
        path.write_bytes(data)
        return sniff(path, filename="file.csv", given=given)

    return run


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"PK\x03\x04rest", "zip archive or workbook and is cut off"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "old Office"),
        (b"%PDF-1.7 rest", "PDF"),
        (b"\x89PNG\r\n\x1a\nrest", "PNG"),
        (b"\x7fELFrest", "Linux program"),
        (b"MZ\x90\x00rest", "Windows program"),
        (b"\x93NUMPYrest", "NumPy"),
        (pickle.dumps({"a": 1}), "pickle"),
        (b"SQLite format 3\0rest", "SQLite"),
        (b" \n<!DOCTYPE html><html>", "web page"),
        (b"\xef\xbb\xbf<HTML>", "web page"),
        (b"<?xml version='1.0'?>", "XML"),
        (gzip.compress(gzip.compress(b"a,b\n", mtime=0), mtime=0), "gzip file inside"),
    ],
)
def test_what_is_no_table_is_refused_by_its_name(sniffed, data, what):
    with pytest.raises(BadFile, match=what):
        sniffed(data)


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\n\r\n", b"   ", b"\xff\xfe"])
def test_a_file_without_text_is_empty(sniffed, data):
    with pytest.raises(BadFile, match="is empty"):
        sniffed(data)


@pytest.mark.parametrize(
    ("encoding", "data", "name"),
    [
        ("utf-8", "é,b\n1,2\n".encode(), "utf-8"),
        ("utf-8-sig", "é,b\n1,2\n".encode("utf-8-sig"), "utf-8"),
        ("utf-16", b"\xff\xfe" + "é,b\n1,2\n".encode("utf-16-le"), "utf-16-le"),
        ("utf-16-be", b"\xfe\xff" + "é,b\n1,2\n".encode("utf-16-be"), "utf-16-be"),
        ("latin-1", "prénom,âge\nZoé,3\nRené,4\n".encode("latin-1"), "cp1252"),
        ("cp1252", "a,b\n“it’s”,2\n".encode("cp1252"), "cp1252"),
    ],
)
def test_the_encoding_is_found(sniffed, imported, encoding, data, name):
    assert sniffed(data).options.encoding == name
    first = data.decode(encoding).lstrip("\ufeff").split(",")[0]
    assert imported(data).frame.columns[0] == first


@pytest.mark.parametrize("encoding", ["shift_jis", "gb18030", "koi8_r"])
def test_an_encoding_that_is_not_sure_is_asked_for(sniffed, imported, encoding):
    words = {"shift_jis": "名前,東京都", "gb18030": "名字,北京市", "koi8_r": "имя,Москва"}[encoding]
    data = f"{words}\n1,2\n{words}\n".encode(encoding)
    with pytest.raises(BadFile, match="choose the encoding"):
        sniffed(data)
    assert imported(data, encoding=encoding).frame.columns[0] == words.split(",")[0]


def test_bytes_that_are_wrong_far_down_are_named_by_their_line(sniffed):
    data = "é,b\n".encode() + b"1,2\n" * 5_000 + b"\xff,2\n"
    with pytest.raises(BadFile, match="line 5,002"):
        sniffed(data)


@pytest.mark.parametrize(
    ("text", "delimiter", "decimal"),
    [
        ("a,b\n1,2\n", ",", "."),
        ("a;b\n1,5;2,5\n", ";", ","),
        ("a;b\n1.5;x, y\n", ";", "."),
        ("a\tb\n1\t2\n", "\t", "."),
        ("a|b\n1|2\n", "|", "."),
        ('"a;x";"b"\n"1,2";"3;4"\n', ";", ","),
        ("only\n1\n2\n", ",", "."),
    ],
)
def test_the_delimiter_and_the_decimal_mark_are_found(sniffed, text, delimiter, decimal):
    options = sniffed(text.encode()).options
    assert (options.delimiter, options.decimal) == (delimiter, decimal)


def test_each_proposal_is_explained(sniffed):
    found = sniffed(b"a;b\n1,5;2\n")
    assert found.explanations == (
        "The text is UTF-8.",
        "Cells are separated by a semicolon: 2 columns.",
        "Numbers are written with a decimal comma.",
        "The first line holds the names of the columns.",
    )


def test_a_first_line_of_numbers_is_doubted_aloud(sniffed):
    assert "holds only numbers" in sniffed(b"1,2\n3,4\n").explanations[-1]


def test_what_a_person_chose_is_kept(sniffed):
    options = sniffed(b"a;b\n1;2\n", delimiter=",", encoding="latin-1").options
    assert (options.delimiter, options.encoding) == (",", "latin-1")


def test_gzip_is_unpacked_and_its_damage_is_told(imported):
    packed = gzip.compress(b"a,b\n" + b"1,2\n" * 1_000)
    assert len(imported(packed).frame) == 1_000
    for damaged in (packed[:-20], packed[:-8] + b"\0\0\0\0" + packed[-4:]):
        with pytest.raises(BadFile, match="cut off or damaged"):
            imported(damaged)


def test_a_gzip_bomb_stops_at_the_cap(imported):
    bomb = gzip.compress(b"a\n" + b"1\n" * 5_000_000)
    with pytest.raises(TooLarge, match="1,000,000"):
        imported(bomb, limits={"bytes": 1_000_000})
