"""Cases 1 to 68: text files, and files that only pretend to be text."""

import pickle

from tests.engine.reading.badfiles.case import Case, Refused, Table

UNKNOWN = "its encoding cannot be told for sure"
JAPANESE = "名前,都市\n山田太郎,東京都\n鈴木一郎,大阪府\n佐藤花子,京都府\n" * 20
CHINESE = "姓名,城市\n张三丰,北京市\n李四光,上海市\n" * 20
RUSSIAN = "имя,город\nИван Петров,Москва\nАнна Сидорова,Санкт-Петербург\n" * 20
GOOD = b"a,b\n1,\xc3\xa9\n"


def _spelled(numbers):
    return "".join(f"{each}\n" for each in numbers)


EMPTY = (
    Case(1, "no bytes", b"", Refused("is empty")),
    Case(2, "only a byte order mark", b"\xef\xbb\xbf", Refused("is empty")),
    Case(3, "only line ends", b"\n\n\r\n", Refused("is empty")),
    Case(3, "only spaces", b"   \n  ", Refused("is empty")),
    Case(4, "a header alone", "a,b\n", Table(names=["a", "b"], rows=0)),
    Case(5, "one column", "a\n1\n2\n", Table(columns={"a": [1, 2]})),
    Case(6, "one row", "a,b\n1,x\n", Table(columns={"a": [1], "b": ["x"]})),
    Case(6, "one cell", "a", Table(names=["a"], rows=0)),
)

ENCODINGS = (
    Case(7, "UTF-8 with mark", b"\xef\xbb\xbfa,b\n1,2\n", Table(names=["a", "b"])),
    Case(
        8,
        "UTF-16 LE",
        "\ufeffa,b\n1,é\n".encode("utf-16-le"),
        Table(columns={"b": ["é"]}, says=["UTF-16 (little-endian)"]),
    ),
    Case(
        8,
        "UTF-16 BE",
        "\ufeffa,b\n1,é\n".encode("utf-16-be"),
        Table(columns={"b": ["é"]}, says=["UTF-16 (big-endian)"]),
    ),
    Case(
        9,
        "Latin-1",
        "id,city\n1,Orléans\n2,Besançon\n".encode("latin-1"),
        Table(columns={"city": ["Orléans", "Besançon"]}, says=["Western European"]),
    ),
    Case(
        10,
        "cp1252 quotation marks",
        "id,says\n1,“it’s”\n".encode("cp1252"),
        Table(columns={"says": ["“it’s”"]}, says=["cp1252"]),
    ),
    Case(11, "Shift-JIS", JAPANESE.encode("shift_jis"), Refused(UNKNOWN)),
    Case(11, "GB18030", CHINESE.encode("gb18030"), Refused(UNKNOWN)),
    Case(11, "KOI8-R", RUSSIAN.encode("koi8-r"), Refused(UNKNOWN)),
    Case(
        11,
        "Shift-JIS that is named",
        JAPANESE.encode("shift_jis"),
        Table(names=["名前", "都市"], rows=60 + 19),  # the header is repeated in this file
        options={"encoding": "shift_jis"},
    ),
    Case(12, "bad byte after 5,000 rows", GOOD * 2_500 + b"3,\xff\n", Refused("line 5,001 ")),
    Case(13, "a lone surrogate", GOOD + b"2,\xed\xa0\x80\n", Refused("line 3 ")),
)

SHAPES = (
    Case(14, "one row longer", "a,b\n1,2\n3,4,5\n6,7\n", Table(rows=2, rejected=1)),
    Case(
        15,
        "one row shorter",
        "a,b\n1\n2,3\n",
        Table(columns={"a": [1, 2], "b": [None, 3]}, says=["1 rows have fewer cells"]),
    ),
    Case(16, "each row longer", "a,b\n1,2,3\n4,5,6\n", Refused("Every row has more cells")),
    Case(
        17,
        "a comma at each end",
        "a,b\n1,2,\n3,4,\n",
        Table(columns={"a": [1, 3], "b": [2, 4]}, says=["one delimiter too many"]),
    ),
    Case(
        18,
        "comments above the header",
        "# made by hand\n# on Monday\na,b\n1,2\n",
        Table(columns={"a": [1], "b": [2]}, says=["The first 2 lines begin with #"]),
    ),
    Case(
        18,
        "a title above the header, skipped by choice",
        "Sales of May\n\na,b\n1,2\n3,4,5\n6,7\n",
        Table(columns={"a": [1, 6]}, rejected=1, says=["first line 5"]),
        options={"skip": 2},
    ),
    Case(
        18,
        "a header that begins with #",
        "#id,b\n1,2\n",
        Table(columns={"#id": [1], "b": [2]}),
    ),
    Case(18, "a title above the header", "Sales\na,b\n1,2\n", Refused("not the header")),
    Case(
        19,
        "decimal comma",
        "a;b\n1,5;2,5\n",
        Table(columns={"a": [1.5], "b": [2.5]}, says=["a semicolon", "decimal comma"]),
    ),
    Case(20, "semicolons", "a;b\n1;2\n", Table(columns={"b": [2]}, says=["a semicolon"])),
    Case(20, "tabs", "a\tb\n1\t2\n", Table(columns={"b": [2]}, says=["a tab"])),
    Case(20, "bars", "a|b\n1|2\n", Table(columns={"b": [2]}, says=["a bar"])),
    Case(
        21,
        "a row of units",
        "length,name\ncm,text\n1.5,x\n2.5,y\n",
        Table(kinds={"length": "text"}, says=["numbers are mixed with text, first 'cm' in row 1"]),
    ),
    Case(22, "NUL in a text", b"a,b\n1,x\0y\n", Refused("Line 2 holds a NUL")),
    Case(23, "NUL in a number", b"a\n1\0xyz\n", Refused("Line 2 holds a NUL")),
    Case(24, "NUL in a name", b"a\0,a\n1,2\n", Refused("Line 1 holds a NUL")),
    Case(37, "a quote that stays open", 'a,b\n1,"x\n2,y\n', Refused("line 2 is never closed")),
    Case(
        38,
        "a stray quote",
        'a,b\n1,5" pipe\n2,x\n',
        Table(columns={"b": ['5" pipe', "x"]}, says=["Quotes stand inside cells"]),
    ),
    Case(39, "CR alone", "a,b\r1,2\r3,4", Table(columns={"b": [2, 4]})),
    Case(39, "mixed line ends", "a,b\r\n1,2\n3,4\r5,6", Table(columns={"b": [2, 4, 6]})),
    Case(
        40,
        "a cell of 1,000 lines",
        'a,b\n1,"' + "line\n" * 1_000 + '"\n',
        Table(columns={"b": ["line\n" * 1_000]}),
    ),
)

NAMES = (
    Case(
        25,
        "the same name thrice",
        "a,a,a\n1,2,3\n",
        Table(names=["a", "a (2)", "a (3)"], renamed={"a [2]": "a (2)", "a [3]": "a (3)"}),
    ),
    Case(26, "a, a and a.1", "a,a,a.1\n1,2,3\n", Table(names=["a", "a (2)", "a.1"])),
    Case(
        27,
        "blank names",
        "a,, \n1,2,3\n",
        Table(
            names=["a", "column 2", "column 3"],
            renamed={"(blank) [2]": "column 2", "(blank) [3]": "column 3"},
        ),
    ),
    Case(
        28,
        "names that differ by case and space",
        "A,a, a\n1,2,3\n",
        Table(names=["A", "a", " a"], says=["differ only by case, spaces"]),
    ),
    Case(
        29,
        "names that differ by Unicode form",
        "é,e\u0301\n1,2\n",
        Table(names=["é", "e\u0301"], says=["Unicode form"]),
    ),
    Case(
        30,
        "invisible letters in names",
        'a\u200bb,\u202ec,"d\te","f\ng"\n1,2,3,4\n',
        Table(names=["a\u200bb", "\u202ec", "d\te", "f\ng"], says=["cannot be seen"]),
    ),
    Case(
        31,
        "names of JavaScript",
        "__proto__,constructor,toString,hasOwnProperty\n1,2,3,4\n",
        Table(names=["__proto__", "constructor", "toString", "hasOwnProperty"]),
    ),
    Case(
        32,
        "names of markup",
        '<script>alert(1)</script>,"""><img onerror=x>",{{7*7}},${x}\n1,2,3,4\n',
        Table(names=["<script>alert(1)</script>", '"><img onerror=x>', "{{7*7}}", "${x}"]),
    ),
    Case(
        33,
        "names of SQL",
        "_connector,__class__,id) OR 1=1 --,password\n1,2,3,4\n",
        Table(names=["_connector", "__class__", "id) OR 1=1 --", "password"]),
    ),
    Case(
        34,
        "names of pandas and Python",
        "index,level_0,Unnamed: 0,class,a.b,a[0],a b\n1,2,3,4,5,6,7\n",
        Table(names=["index", "level_0", "Unnamed: 0", "class", "a.b", "a[0]", "a b"]),
    ),
    Case(35, "a name of 10,000 letters", "x" * 10_000 + ",b\n1,2\n", Refused("10,000 characters")),
    Case(
        35,
        "a name of 300 pictures",
        "\U0001f600" * 300 + ",b\n1,2\n",
        Refused("300 characters and the limit is 255"),
    ),
    Case(36, "names of many scripts", "😀,年,عمر\n1,2,3\n", Table(names=["😀", "年", "عمر"])),
)

VALUES = (
    Case(
        41,
        "thousands marks",
        'a,b\n1,"1,000"\n2,"12,500,000"\n',
        Table(kinds={"b": "text"}, says=["choose it as the thousands mark"]),
    ),
    Case(
        41,
        "thousands marks that are chosen",
        'a,b\n1,"1,000"\n2,"12,500,000"\n',
        Table(columns={"b": [1_000, 12_500_000]}),
        options={"thousands": ","},
    ),
    Case(
        42,
        "shares, money and odd numbers",
        'p,m,c,h,u\n50%,"$1,200",1+2j,0x10,1_000\n7%,$5,2+1j,0x11,2_000\n',
        Table(
            kinds=dict.fromkeys("pmchu", "text"),
            columns={"h": ["0x10", "0x11"]},
            says=["numbers with the sign %", "numbers with the sign $"],
        ),
    ),
    Case(
        43,
        "words that pandas takes for missing",
        "country\nNA\nNone\nnull\nnan\n",
        Table(columns={"country": ["NA", "None", "null", "nan"]}),
    ),
    Case(44, "leading zeros", "zip\n007\n123\n", Table(columns={"zip": ["007", "123"]})),
    Case(
        45,
        "ids of 20 digits",
        "id\n12345678901234567890\n12345678901234567891\n",
        Table(columns={"id": ["12345678901234567890", "12345678901234567891"]}),
    ),
    Case(
        46,
        "ids above 2^53, one missing",
        "id,x\n9007199254740993,1\n,2\n",
        Table(columns={"id": [9007199254740993, None]}, kinds={"id": "integer"}),
    ),
    Case(
        47,
        "infinite numbers",
        "a,b\n1.5,1\ninf,1e400\n-Infinity,2\n",
        Table(kinds={"a": "text", "b": "text"}, says=["first 'inf' in row 2"]),
    ),
    Case(
        48,
        "nan among numbers",
        "a\n1\nnan\n2\n",
        Table(kinds={"a": "text"}, says=["name 'nan' as missing to read it as numbers"]),
    ),
    Case(
        49,
        "300,000 numbers, then an x",
        lambda: f"a\n{_spelled(range(300_000))}x\n".encode(),
        Table(kinds={"a": "text"}, rows=300_001, says=["first 'x' in row 300,001"]),
    ),
    Case(
        50,
        "words for true and false",
        "a,b\ntrue,yes\nFALSE,no\n1,yes\nyes,no\n",
        Table(kinds={"a": "text", "b": "text"}, says=["choose boolean"]),
    ),
    Case(
        51,
        "dates that contradict each other",
        "d\n01/02/2024\n13/02/2024\n02/13/2024\n",
        Table(kinds={"d": "text"}, says=["the dates fit no single format"]),
    ),
    Case(
        51,
        "dates that could be either",
        "d\n01/02/2024\n03/02/2024\n",
        Table(kinds={"d": "text"}, says=["no row tells which"]),
    ),
    Case(
        52,
        "the first and the last date",
        "d\n0001-01-01\n9999-12-31\n1582-10-10\n",
        Table(kinds={"d": "datetime"}, rows=3),
    ),
    Case(
        53,
        "times with several offsets",
        "t\n2024-01-01T00:00:00+01:00\n2024-07-01T00:00:00+02:00\n",
        Table(kinds={"t": "datetime"}, says=["converted to UTC"]),
    ),
    Case(54, "serial dates", "d\n45292\n45293\n", Table(columns={"d": [45292, 45293]})),
    Case(
        55,
        "nothing but missing, and a constant",
        "a,b\n,1\n,1\n",
        Table(columns={"a": [None, None], "b": [1, 1]}, says=["Every cell is missing"]),
    ),
    Case(
        56,
        "cells of spaces",
        "a,b\n  ,1\nx,2\n",
        Table(columns={"a": ["  ", "x"]}, says=["hold only spaces"]),
    ),
    Case(
        57,
        "cells that begin as formulas",
        "a\n=cmd|' /C calc'!A0\n@SUM(1)\n+1+1\n-2+3\n",
        Table(columns={"a": ["=cmd|' /C calc'!A0", "@SUM(1)", "+1+1", "-2+3"]}),
    ),
    Case(59, "10,000 columns", ",".join(map(str, range(10_000))), Refused("10,000 columns")),
    Case(60, "a cell of 20 MB", lambda: b"a,b\n1," + b"x" * 20_000_000, Refused("1,000,000")),
    Case(61, "too many bytes", "a\n1\n", Refused("the limit is 3"), limits={"bytes": 3}),
    Case(61, "too many rows", "a\n1\n2\n", Refused("more than 1 rows"), limits={"rows": 1}),
    Case(
        62,
        "as many categories as rows",
        lambda: f"a\n{''.join(f'k{each}' + chr(10) for each in range(100_000))}".encode(),
        Table(kinds={"a": "text"}, rows=100_000),
    ),
    Case(
        68,
        "control letters in cells",
        "a,b\n\x1a,\x0c\n\x1b[31m,x\n",
        Table(columns={"a": ["\x1a", "\x1b[31m"], "b": ["\x0c", "x"]}),
    ),
)

PRETENDERS = (
    Case(63, "a web page", "<!DOCTYPE html><html></html>", Refused("a web page")),
    Case(65, "a PDF", b"%PDF-1.7\n", Refused("a PDF document")),
    Case(65, "a picture", b"\x89PNG\r\n\x1a\n....", Refused("a PNG picture")),
    Case(65, "a Windows program", b"MZ\x90\0\x03", Refused("a Windows program")),
    Case(65, "a Linux program", b"\x7fELF\x02\x01", Refused("a Linux program")),
    Case(66, "a pickle", pickle.dumps({"a": 1}), Refused("a Python pickle")),
    Case(66, "a NumPy array", b"\x93NUMPY\x01\0", Refused("a NumPy array")),
)

CASES = (*EMPTY, *ENCODINGS, *SHAPES, *NAMES, *VALUES, *PRETENDERS)
