"""Coordinate systems: points that other implementations publish, and exact inverses everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import coordinates as c
from gateway.domain.coordinates import Crs

pytestmark = pytest.mark.unit

# (WGS-84, GCJ-02) as several open implementations agree on them.
PAIRS = [
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
]
NANO = 1e-9


@pytest.mark.parametrize(("wgs", "gcj"), PAIRS)
def test_known_points(wgs: c.Point, gcj: c.Point) -> None:
    assert c.wgs84_to_gcj02(*wgs) == pytest.approx(gcj, abs=NANO)
    assert c.gcj02_to_wgs84(*gcj) == pytest.approx(wgs, abs=NANO)
    assert c.to_wgs84(*gcj, Crs.GCJ02) == pytest.approx(wgs, abs=NANO)


def test_baidu_lies_once_more_beside() -> None:
    """Published figures of one widely used implementation; its inverse is the one-step one, good to half a metre."""
    assert c.gcj02_to_bd09(39.915, 116.404) == pytest.approx((39.92133699351021, 116.41036949371029), abs=NANO)
    assert c.wgs84_to_gcj02(39.915, 116.404) == pytest.approx((39.91640428150164, 116.41024449916938), abs=NANO)
    assert c.bd09_to_gcj02(39.915, 116.404) == pytest.approx((39.90865673957631, 116.39762729119315), abs=5e-6)


@given(lat=st.floats(18, 53), lon=st.floats(74, 135), crs=st.sampled_from(Crs))
def test_there_and_back_is_where_it_was(lat: float, lon: float, crs: Crs) -> None:
    assert c.to_wgs84(*c.from_wgs84(lat, lon, crs), crs) == pytest.approx((lat, lon), abs=NANO)
    assert c.from_wgs84(*c.to_wgs84(lat, lon, crs), crs) == pytest.approx((lat, lon), abs=NANO)


@given(lat=st.floats(18, 53), lon=st.floats(74, 135))
def test_the_displacement_is_hundreds_of_metres(lat: float, lon: float) -> None:
    moved = c.wgs84_to_gcj02(lat, lon)
    assert 1e-5 < max(abs(moved[0] - lat), abs(moved[1] - lon)) < 0.02


@pytest.mark.parametrize("point", [(51.5, -0.12), (1.3, 140.0), (-33.8, 151.2)])
def test_abroad_nothing_is_displaced(point: c.Point) -> None:
    assert c.wgs84_to_gcj02(*point) == point
    assert c.gcj02_to_wgs84(*point) == point


@given(lat=st.floats(-90, 90), lon=st.floats(-180, 180), crs=st.sampled_from(Crs))
def test_every_point_of_the_globe_has_an_answer(lat: float, lon: float, crs: Crs) -> None:
    there = c.to_wgs84(lat, lon, crs)
    assert all(abs(value) <= 181 for value in there)


@pytest.mark.parametrize(
    ("name", "crs"),
    [("gcj02", Crs.GCJ02), ("GCJ-02", Crs.GCJ02), ("bd09ll", Crs.BD09), ("EPSG:4326", Crs.WGS84), ("wgs84", Crs.WGS84)],
)
def test_names_as_people_write_them(name: str, crs: Crs) -> None:
    assert c.crs_of(name) is crs


def test_an_unknown_system_is_refused() -> None:
    with pytest.raises(ValueError, match="MARS"):
        c.crs_of("mars")
