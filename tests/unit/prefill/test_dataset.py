"""Training data with mistakes: each is told with its place, and nothing is learnt from a file that has some."""

from __future__ import annotations

import pytest

from gateway.errors import ConfigError
from gateway.prefill import dataset
from tests.unit.prefill.desk_texts import write

pytestmark = pytest.mark.unit


def refused(path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        dataset.read(path, say=lambda _: None)
    return caught.value.problems


def test_wrong_rows_are_all_named(tmp_path):
    problems = refused(write(tmp_path / "a.csv", [("停水", "供水"), ("", "供水"), ("吵", ""), ("一", "二", "三")]))
    assert [problem.split(":")[1] for problem in problems] == ["3", "4", "5"]
    assert "'text' is empty" in problems[0]
    assert "'label' is empty" in problems[1]
    assert "needs quotes" in problems[2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"text,label\n", "has no rows"),
        (b"words,label\na,b\n", "no column 'text'; it has words, label"),
        ("text,label\n停水,供水\n".encode("gbk"), "is not UTF-8"),
        (b'text,label\n"a,b\n', "is no CSV"),
    ],
)
def test_files_that_are_no_data(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert message in refused(path)[0]


def test_a_missing_file_is_named(tmp_path):
    assert "cannot be read" in refused(tmp_path / "none.csv")[0]


def test_a_label_seen_once_is_left_out_and_said(tmp_path):
    said: list[str] = []
    data = [("停水", "供水"), ("漏水", "供水"), ("吵闹", "噪音"), ("电钻", "噪音"), ("电钻", "噪音"), ("谢谢", "表扬")]
    rows = dataset.learnable(dataset.read(write(tmp_path / "a.csv", data), say=said.append), said.append)
    assert set(rows.labels) == {"供水", "噪音"}
    assert any("seen once" in text and "表扬" in text for text in said)
    assert any("1 repeated" in text for text in said)


def test_a_text_under_two_labels_teaches_nothing(tmp_path):
    said: list[str] = []
    data = [("停水", "供水"), ("停水", "噪音"), ("漏水", "供水"), ("水黄", "供水"), ("吵闹", "噪音"), ("电钻", "噪音")]
    rows = dataset.learnable(dataset.read(write(tmp_path / "a.csv", data), say=said.append), said.append)
    assert "停水" not in rows.texts
    assert any("more than one label" in text for text in said)


def test_one_label_is_nothing_to_learn(tmp_path):
    path = write(tmp_path / "a.csv", [("停水", "供水"), ("漏水", "供水"), ("谢谢", "表扬")])
    with pytest.raises(ConfigError, match="at least two labels"):
        dataset.learnable(dataset.read(path, say=lambda _: None), lambda _: None)


def test_a_megabyte_in_a_cell_is_read_and_said(tmp_path):
    said: list[str] = []
    rows = dataset.read(write(tmp_path / "a.csv", [("停水" * 500_000, "供水")]), say=said.append)
    assert len(rows.texts) == 1
    assert "only their beginning" in said[0]
