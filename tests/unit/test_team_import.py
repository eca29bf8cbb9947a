"""Tables of people, numbers and events: whole or nothing, every wrong cell named, nothing evaluated."""

import datetime as dt
import io
import zipfile

import pytest
from openpyxl import Workbook

from cycle import exporting, importing
from cycle.cells import CellError, read_day, read_month, read_number
from cycle.tables import read_tables
from interview.actor import Actor, Role
from interview.errors import InputError

ME = Actor("m", Role.MANAGER, "zh")
PEOPLE = "工号,姓名,岗位,部门,岗位要求\nA1,林舟,客户经理,华东,拜访客户；核对回款\nA2,方远,客户经理,华东,\n"


def book(**sheets):
    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return made


def saved(made):
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def found(data, name="x.csv", known=None, lang="zh"):
    tables = read_tables(data, name)
    return importing.read(tables, [importing.guess(t) for t in tables], known or {}, lang)


def why(result):
    return [(p.line, p.column, p.why) for p in result.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_chinese_text_in_any_usual_encoding(encoding):
    result = found(PEOPLE.encode(encoding))
    assert not result.problems and result.people["a1"][1] == "林舟"
    assert result.people["a1"][0]["expectations"] == ("拜访客户", "核对回款")


@pytest.mark.parametrize(
    "text",
    ["2026-03-05", "2026/3/5", "2026年3月5日", "2026.03.05", "20260305", "5 Mar 2026", "March 5, 2026", "46086",
     "２０２６－０３－０５"],
)  # fmt: skip
def test_a_day_in_many_writings(text):
    assert read_day(text) == dt.date(2026, 3, 5) == read_day(dt.datetime(2026, 3, 5, 9))


@pytest.mark.parametrize(
    ("text", "reason"),
    [("03/04/2026", "ambiguous_day"), ("2026-02-30", "day"), ("soon", "day"), ("", "day"), ("=A1", "formula")],
)
def test_a_day_that_can_be_read_two_ways_or_none_is_refused(text, reason):
    with pytest.raises(CellError, match=f"^{reason}$"):
        read_day(text)


def test_a_day_that_can_be_read_one_way_only_is_read():
    assert read_day("25/03/2026") == read_day("03/25/2026") == dt.date(2026, 3, 25)


def test_months_and_numbers():
    for text in ("2026-03", "2026年3月", "2026/3", "202603", "Mar 2026", "2026-03-31"):
        assert read_month(text) == "2026-03"
    assert [read_number(x) for x in ("1,200.5", "85%", "¥３０", "-4", 7)] == [1200.5, 85, 30, -4, 7]
    for text in ("1,5", "nan", "inf", "1e999", "十二", "1.2.3"):
        with pytest.raises(CellError):
            read_number(text)


def test_every_wrong_cell_is_named_by_line_and_column():
    text = "工号,指标,月份,实际,目标\nA1,回款,2026-03,abc,90\nA1,回款,,80,90\nZ9,回款,2026-03,80,90\n"
    result = found(text.encode(), known={"a1": "林舟"})
    assert why(result) == [(2, "D", "number"), (3, "C", "blank"), (4, "A", "unknown_number")]


def test_a_staff_number_twice_names_both_lines():
    result = found("工号,姓名\nA1,甲\nＡ１,乙\n".encode())
    assert why(result) == [(3, "A", "number_twice")] and result.problems[0].params["first"] == 2


def test_a_line_with_a_comma_too_many_is_not_cut_off():
    assert why(found("工号,姓名\nA1,甲,乙\n".encode())) == [(2, "", "too_long")]


def test_a_quoted_line_break_does_not_shift_the_line_numbers():
    text = '工号,日期,类型,事件\nA1,2026-03-01,表扬,"两\n行"\nA1,错,表扬,x\n'
    assert why(found(text.encode(), known={"a1": ""})) == [(4, "B", "day")]


def test_merged_cells_count_for_every_line_they_span():
    made = book(
        指标=[
            ["三月指标"],
            ["工号", "指标", "月份", "实际"],
            ["A1", "回款", "2026-03", 1],
            [None, "拜访", "2026-03", 2],
        ]
    )
    sheet = made["指标"]
    sheet.merge_cells("A1:D1")
    sheet.merge_cells("A3:A4")
    result = found(saved(made), known={"a1": ""})
    assert not result.problems and [f.metric for f in result.figures["a1"]] == ["回款", "拜访"]


def test_a_formula_is_never_run_and_one_without_a_value_is_named():
    made = book(指标=[["工号", "指标", "月份", "实际"], ["A1", "回款", "2026-03", "=1+1"]])
    assert why(found(saved(made), known={"a1": ""})) == [(2, "D", "formula")]
    assert why(found("工号,姓名\nA1,=HYPERLINK(1)\n".encode())) == [(2, "B", "formula")]


def test_dates_and_numbers_as_excel_keeps_them():
    made = book(事件=[["工号", "日期", "类型", "事件"], [1001, dt.datetime(2026, 3, 5), "投诉", "晚到"]])
    result = found(saved(made), known={"1001": ""})
    assert not result.problems and result.events["1001"][0].date == dt.date(2026, 3, 5)


def test_a_bomb_a_broken_file_and_an_old_one_are_refused_with_a_reason():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b"0" * 160_000_000)
    for data, key in (
        (out.getvalue(), "error.table_bomb"),
        (b"PK\x03\x04 no zip", "error.table_broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "error.table_old"),
        (b"\x89PNG\x00\x00", "error.table_kind"),
        (b"0" * 5_000_001, "error.table_size"),
        (b"", "error.table_empty"),
        ("工号,姓名\n".encode() + b"1,a\n" * 150_200, "error.table_rows"),
    ):
        with pytest.raises(InputError) as caught:
            read_tables(data, "x")
        assert caught.value.message_key == key


def test_a_hundred_thousand_rows_are_read_whole_and_far_more_are_refused():
    lines = [f"A{n % 2000},指标{n // 24_000},2026-{n // 2000 % 12 + 1:02d},{n % 97}" for n in range(100_000)]
    lines[77_777] = "A1,回款,2026-13,1"
    table = "\n".join(["工号,指标,月份,实际", *lines])
    known = {f"a{n}": "" for n in range(2000)}
    result = found(table.encode(), known=known)
    assert why(result) == [(77_779, "C", "month")]
    assert sum(len(figures) for figures in result.figures.values()) == 99_999
    with pytest.raises(InputError) as caught:
        read_tables((table + "\n" + "\n".join(lines)).encode(), "x.csv")
    assert caught.value.message_key == "error.table_rows"


def test_entities_are_refused():
    data = io.BytesIO(saved(book(a=[["工号", "姓名"], ["1", "x"]])))
    out = io.BytesIO()
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            new.writestr(entry, b"<!DOCTYPE x><x/>" if "sheet1" in entry.filename else old.read(entry))
    with pytest.raises(InputError, match="doctype"):
        read_tables(out.getvalue(), "x.xlsx")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_template_is_read_without_a_problem_and_its_example_left_out(lang):
    tables = read_tables(exporting.template(lang), "t.xlsx")
    layouts = [importing.guess(t) for t in tables]
    assert [lay.kind for lay in layouts] == list(importing.KINDS) and all(
        None not in lay.columns.values() for lay in layouts
    )
    result = importing.read(tables, layouts, {}, lang)
    assert not result.problems and not result.people and not result.figures and not result.events
    for kind in importing.KINDS:
        assert importing.guess(read_tables(exporting.template(lang, kind), "t.csv")[0]).kind == kind


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "＝1", " =1", "\r=1"])
def test_no_export_carries_a_formula(text):
    assert str(exporting.safe(text)).startswith("'")
    assert exporting.csv_bytes([[text]]).decode("utf-8-sig").lstrip('"').startswith("'")
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(exporting.xlsx_bytes([("x", [[text]])]))).read(
        "xl/worksheets/sheet1.xml"
    )
    assert exporting.safe(-5.0) == -5.0 and exporting.safe("回款") == "回款"


def test_taken_over_whole_then_updated_by_staff_number(services):
    first = found(PEOPLE.encode())
    team = services.team
    given = {n: values for n, (values, _) in first.people.items()}
    taken = team.take(ME, given, {}, {})
    assert (taken.added, taken.updated) == (2, 0)
    numbers = found("工号,指标,月份,实际,目标\nA1,回款,2026-03,80,90\n".encode(), known={"a1": ""})
    again = found("工号,姓名,部门\na1,林舟,华北\n".encode())
    taken = team.take(ME, {n: v for n, (v, _) in again.people.items()}, numbers.figures, {})
    people = {p.number: (r.id, p) for r, p in team.people(ME)}
    assert (taken.added, taken.updated, taken.figures, len(people)) == (0, 1, 1, 2)
    person_id, person = people["a1"] if "a1" in people else people["A1"]
    assert person.department == "华北" and person.role == "客户经理" and person.expectations
    assert team.figures(ME, person_id)[0].target == 90
    better = found("工号,指标,月份,实际\nA1,回款,2026-03,85\n".encode(), known={"a1": ""})
    team.take(ME, {}, better.figures, {})
    assert [f.actual for f in team.figures(ME, person_id)] == [85]


def test_nothing_is_half_imported(services):
    values = {"number": "A1", "name": "林舟"}
    with pytest.raises(Exception, match="nobody"):
        services.team.take(ME, {"a1": values}, {"zz": ()}, {})
    assert services.team.people(ME) == ()


def test_another_managers_people_are_not_reached(services):
    services.team.take(ME, {"a1": {"number": "A1", "name": "林舟"}}, {}, {})
    other = Actor("n", Role.MANAGER, "zh")
    services.team.take(other, {"a1": {"number": "A1", "name": "别人"}}, {}, {})
    assert [p.name for _, p in services.team.people(ME)] == ["林舟"] and services.team.all_figures(other) == {}
