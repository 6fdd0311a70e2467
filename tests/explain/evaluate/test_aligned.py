"""Tables of text: columns below each other, and still Markdown."""

from conus_widgets.explain.evaluate.aligned import in_columns


def test_columns_stand_below_each_other():
    found = in_columns(["method", "a"], [["cam", "1.00"], ["hires_cam", ""]])
    assert found == [
        "| method    | a    |",
        "| --------- | ---- |",
        "| cam       | 1.00 |",
        "| hires_cam |      |",
    ]


def test_a_table_without_rows_has_its_heads():
    assert in_columns(["a", "method"], []) == ["| a   | method |", "| --- | ------ |"]
