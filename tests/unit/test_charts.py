from datetime import UTC, datetime, timedelta

from notifier.web.pages.console.charts import Chart, Series

START = datetime(2026, 11, 25, 3, tzinfo=UTC)


def chart(*columns: tuple[int, ...]) -> Chart:
    starts = [START + timedelta(minutes=number) for number in range(len(columns))]
    names = ("good", "bad")
    return Chart(
        "c", ("t", "t"), starts, [Series((n, n), n, [each[i] for each in columns]) for i, n in enumerate(names)]
    )


def test_the_highest_stack_fills_the_height_and_the_others_are_in_proportion():
    bars = chart((3, 1), (1, 0), (0, 0)).bars
    assert [(bar.x, bar.y, bar.height, bar.look) for bar in bars] == [
        (0, 25, 75, "good"),
        (0, 0, 25, "bad"),
        (10, 75, 25, "good"),
    ]


def test_where_nothing_happened_there_is_no_bar_and_no_row():
    empty = chart((0, 0), (0, 0))
    assert (empty.bars, empty.rows, empty.most) == ([], [], 0)


def test_the_table_tells_the_same_with_the_newest_first_in_local_time():
    assert chart((3, 1), (0, 0), (2, 0)).rows == [("10:02", [2, 0]), ("10:00", [3, 1])]


def test_a_series_names_its_sum():
    assert [each.total for each in chart((3, 1), (2, 2)).series] == [5, 3]
