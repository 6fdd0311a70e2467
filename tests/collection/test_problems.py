from conus_widgets.collection.problems import Problem, by_reason


def test_a_problem_is_one_line_whatever_its_file_is_called():
    text = str(Problem("a\nb\x1b[31m\u202e.jpg", "is empty."))
    assert text.isprintable() and text == r"a\nb\x1b[31m\u202e.jpg is empty."


def test_equal_reasons_become_one_paragraph_in_the_order_of_their_first():
    problems = [Problem("1", "b"), Problem("2", "a", kept=True), Problem("3", "b")]
    assert by_reason(problems) == {"b": ["1", "3"], "a": ["2"]}
    assert list(by_reason(problems)) == ["b", "a"]
