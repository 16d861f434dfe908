"""A user's price file: what it changes, and every mistake in it named by line."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.errors import HardwareError
from llmctl.serving.hardware.machine_type import Cloud, MachineType, Price
from llmctl.serving.hardware.machine_types import machine_types
from llmctl.serving.hardware.prices import age

HEADER = "cloud,machine_type,region,on_demand,spot,date,source"
ROW = "aws,g6.xlarge,us-east-1,0.5,0.2,2026-11-01,contract 17"


def price_file(directory: Path, *lines: str, header: str = HEADER) -> Path:
    path = directory / "prices.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def named(machines: tuple[MachineType, ...], name: str) -> MachineType:
    return next(machine for machine in machines if machine.name == name)


def in_region(machine: MachineType, region: str) -> Price:
    return next(price for price in machine.prices if price.region == region)


def test_a_row_takes_the_place_of_the_snapshots_price(tmp_path: Path) -> None:
    machine = named(machine_types(price_file(tmp_path, ROW)), "g6.xlarge")
    assert in_region(machine, "us-east-1") == Price(
        region="us-east-1", on_demand=0.5, spot=0.2, as_of=date(2026, 11, 1), source="contract 17"
    )


def test_all_other_prices_stay(tmp_path: Path) -> None:
    before, after = machine_types(), machine_types(price_file(tmp_path, ROW))
    changed = [one.name for one, other in zip(before, after, strict=True) if one != other]
    assert changed == ["g6.xlarge"]
    kept = {price for price in named(before, "g6.xlarge").prices if price.region != "us-east-1"}
    assert kept < set(named(after, "g6.xlarge").prices)


@given(st.sampled_from(machine_types()), st.floats(0.001, 1000), st.integers(0))
def test_any_price_of_any_machine_type_can_be_replaced(machine: MachineType, dollars: float, which: int) -> None:
    region = machine.prices[which % len(machine.prices)].region
    with TemporaryDirectory() as directory:
        row = f"{machine.cloud},{machine.name},{region},{dollars!r},,2026-11-01,contract"
        after = named(machine_types(price_file(Path(directory), row)), machine.name)
    assert in_region(after, region).on_demand == dollars
    assert {price.region for price in after.prices} == {price.region for price in machine.prices}
    assert all(one.on_demand <= other.on_demand for one, other in pairwise(after.prices))


def test_an_empty_spot_means_none(tmp_path: Path) -> None:
    row = "gcp,g2-standard-8,us-central1,0.6,,2026-11-01,contract 17"
    assert in_region(named(machine_types(), "g2-standard-8"), "us-central1").spot is not None
    assert in_region(named(machine_types(price_file(tmp_path, row)), "g2-standard-8"), "us-central1").spot is None


def test_a_region_that_the_snapshot_lacks_is_added_in_its_place_by_price(tmp_path: Path) -> None:
    row = "azure,Standard_ND96isr_H200_v5,mexicowest,1.5,,2026-11-01,contract 17"
    machine = named(machine_types(price_file(tmp_path, row)), "Standard_ND96isr_H200_v5")
    assert machine.prices[0].region == "mexicowest"
    assert machine.cloud is Cloud.AZURE


def test_columns_may_stand_in_any_order_and_rows_be_blank(tmp_path: Path) -> None:
    header = "Source, date,spot,on_demand,region,machine_type,cloud"
    path = price_file(tmp_path, "", "c, 2026-11-01,,0.5, us-east-1, g6.xlarge, aws", ",,,,,,", header=header)
    assert in_region(named(machine_types(path), "g6.xlarge"), "us-east-1").on_demand == 0.5


def test_a_spreadsheets_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(f"{HEADER}\r\n{ROW}\r\n", encoding="utf-8-sig")
    assert in_region(named(machine_types(path), "g6.xlarge"), "us-east-1").on_demand == 0.5


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (ROW.replace("aws", "ibm"), "cloud 'ibm' is not known; write aws, gcp, azure"),
        (
            ROW.replace("g6.xlarge", "g6.xlarg"),
            "machine_type 'g6.xlarg' is none of aws's GPU machine types; write g6.xlarge or g6e.xlarge or g6.8xlarge",
        ),
        (
            ROW.replace("g6.xlarge", "m5.large").replace("aws", "gcp"),
            "machine_type 'm5.large' is none of gcp's GPU machine types; write one of docs/hardware.md",
        ),
        (
            ROW.replace("us-east-1", "us-east-1a"),
            "region 'us-east-1a' does not look like one of aws's; write a region's id, not a zone's",
        ),
        (
            ROW.replace("0.5", "$0.5"),
            "on_demand '$0.5' is no price; write US dollars an hour, above 0, such as 12.34",
        ),
        (ROW.replace("0.5", ""), "on_demand '' is no price; write US dollars an hour, above 0, such as 12.34"),
        (ROW.replace("0.5", "0"), "on_demand '0' is no price; write US dollars an hour, above 0, such as 12.34"),
        (ROW.replace("0.5", "-1"), "on_demand '-1' is no price; write US dollars an hour, above 0, such as 12.34"),
        (ROW.replace("0.5", "nan"), "on_demand 'nan' is no price; write US dollars an hour, above 0, such as 12.34"),
        (ROW.replace("0.5", "inf"), "on_demand 'inf' is no price; write US dollars an hour, above 0, such as 12.34"),
        (ROW.replace("0.2", "cheap"), "spot 'cheap' is no price; write US dollars an hour, above 0, such as 12.34"),
        (ROW.replace("0.2", "0.6"), "spot 0.6 is above on_demand 0.5; leave spot empty where it is not used"),
        (ROW.replace("2026-11-01", "1.11.2026"), "date '1.11.2026' is no day; write YYYY-MM-DD"),
        (ROW.replace("2026-11-01", ""), "date '' is no day; write YYYY-MM-DD"),
        (ROW.replace("2026-11-01", "2999-01-01"), "date 2999-01-01 is yet to come; write the day the price was read"),
        (
            ROW.replace("contract 17", ""),
            "source is empty; say where the price comes from, such as a contract",
        ),
        (ROW + ",and more", "8 cells where the first line has 7"),
        ("aws,g6.xlarge", "2 cells where the first line has 7"),
    ],
)
def test_a_wrong_row_is_named_by_file_and_line(tmp_path: Path, row: str, message: str) -> None:
    path = price_file(tmp_path, "aws,g5.xlarge,us-east-1,0.9,,2026-11-01,contract 17", row)
    with pytest.raises(HardwareError) as raised:
        machine_types(path)
    assert str(raised.value) == f"{path}, line 3: {message}"


def test_two_rows_for_one_price_are_refused(tmp_path: Path) -> None:
    path = price_file(tmp_path, ROW, ROW.replace("0.5", "0.4"))
    with pytest.raises(HardwareError, match=r"line 3: g6\.xlarge in us-east-1 has a row already; keep one of the two"):
        machine_types(path)


@pytest.mark.parametrize(
    ("header", "seen"),
    [
        ("cloud;machine_type;region", "cloud;machine_type;region"),
        (HEADER.replace(",source", ""), HEADER.replace(",source", "")),
        (HEADER + ",currency", HEADER + ",currency"),
        (HEADER.replace("spot", "source"), HEADER.replace("spot", "source")),
    ],
)
def test_other_columns_are_refused(tmp_path: Path, header: str, seen: str) -> None:
    path = price_file(tmp_path, ROW, header=header)
    with pytest.raises(HardwareError) as raised:
        machine_types(path)
    assert str(raised.value) == f"{path}, line 1: the columns are {seen}; write {HEADER}, separated by commas"


def test_an_empty_file_is_told_its_first_line(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(b"")
    with pytest.raises(HardwareError, match="line 1: the columns are missing; write cloud,machine_type"):
        machine_types(path)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00c", HEADER.encode() + b'\naws,"g6'], ids=["not UTF-8", "open quote"])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(content)
    with pytest.raises(HardwareError, match=r"not a CSV table in UTF-8 \(.*\); save it as one"):
        machine_types(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(HardwareError) as raised:
        machine_types(tmp_path / "none.csv")
    assert str(raised.value) == f"{tmp_path / 'none.csv'}: prices cannot be read: No such file or directory"


def test_a_directory_is_no_price_file(tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match="prices cannot be read: Is a directory"):
        machine_types(tmp_path)


def test_the_age_of_a_price_is_in_days() -> None:
    price = Price(region="r", on_demand=1, spot=None, as_of=date(2026, 2, 27), source="s")
    assert age(price, date(2026, 3, 2)) == 3
