from conus_widgets.collection.problems import Problem, by_reason, summed_up


def test_a_problem_is_one_line_whatever_its_file_is_called():
    text = str(Problem("a\nb\x1b[31m\u202e.jpg", "is empty."))
    assert text.isprintable() and text == r"a\nb\x1b[31m\u202e.jpg is empty."


def test_equal_reasons_become_one_paragraph_in_the_order_of_their_first():
    problems = [Problem("1", "b"), Problem("2", "a", kept=True), Problem("3", "b")]
    assert by_reason(problems) == {"b": ["1", "3"], "a": ["2"]}
    assert list(by_reason(problems)) == ["b", "a"]


def test_of_many_files_the_first_are_named_and_all_are_counted():
    problems = [
        Problem("x.jpg", "is empty."),
        *(Problem(f"{n}\n.jpg", "is old.") for n in range(7)),
    ]
    assert list(summed_up(problems)) == [
        "x.jpg is empty.",
        r"0\n.jpg, 1\n.jpg, 2\n.jpg, 3\n.jpg, 4\n.jpg and 2 more: is old.",
    ]
