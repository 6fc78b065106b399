"""Coordinate systems of Chinese maps: WGS-84 (GPS, Open311), GCJ-02 (AMap, Tencent), BD-09 (Baidu).

GCJ-02 displaces WGS-84 by up to 700 m inside mainland China's bounding box; BD-09 displaces GCJ-02 once more. The
forward formulae are the ones in common use; the inverses are found by fixed-point iteration to below a nanodegree, not
by the usual one-step approximation (which is off by up to 2 m). CGCS2000 is WGS-84 to within decimetres.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from gateway.domain.words import Term

Point = tuple[float, float]
"""Latitude and longitude in degrees."""


class Crs(Term):
    """The coordinate systems that a source may name."""

    WGS84 = "WGS84", "WGS-84", "WGS-84"
    GCJ02 = "GCJ02", "GCJ-02（火星坐标系）", "GCJ-02"
    CGCS2000 = "CGCS2000", "CGCS2000（国家大地坐标系）", "CGCS2000"
    BD09 = "BD09", "BD-09（百度坐标系）", "BD-09"


_KRASOVSKY_A = 6378245.0
_KRASOVSKY_EE = 0.00669342162296594323
_BD_PI = math.pi * 3000.0 / 180.0
_BD_LAT, _BD_LON = 0.006, 0.0065
_LAT_RANGE = (0.8293, 55.8271)
_LON_RANGE = (72.004, 137.8347)
_CLOSE = 1e-11
"""Degrees: a micrometre on the ground."""
_MOST_STEPS = 60


def crs_of(name: str) -> Crs:
    """The system that ``name`` means: ``gcj02``, ``GCJ-02``, ``EPSG:4326``, …; ValueError when it is none of ours."""
    plain = name.strip().upper().replace("-", "").replace("_", "").replace(" ", "")
    if plain in {"EPSG:4326", "EPSG4326", "GPS"}:
        return Crs.WGS84
    return Crs({"BD09LL": "BD09"}.get(plain, plain))


def displaced(lat: float, lon: float) -> bool:
    """Whether GCJ-02 differs from WGS-84 here: inside the bounding box that maps use for mainland China."""
    return _LAT_RANGE[0] <= lat <= _LAT_RANGE[1] and _LON_RANGE[0] <= lon <= _LON_RANGE[1]


def to_wgs84(lat: float, lon: float, crs: Crs) -> Point:
    """The WGS-84 latitude and longitude of a point given in ``crs``."""
    match crs:
        case Crs.WGS84 | Crs.CGCS2000:
            return lat, lon
        case Crs.GCJ02:
            return gcj02_to_wgs84(lat, lon)
        case Crs.BD09:
            return gcj02_to_wgs84(*bd09_to_gcj02(lat, lon))


def from_wgs84(lat: float, lon: float, crs: Crs) -> Point:
    """A WGS-84 point in ``crs``."""
    match crs:
        case Crs.WGS84 | Crs.CGCS2000:
            return lat, lon
        case Crs.GCJ02:
            return wgs84_to_gcj02(lat, lon)
        case Crs.BD09:
            return gcj02_to_bd09(*wgs84_to_gcj02(lat, lon))


def wgs84_to_gcj02(lat: float, lon: float) -> Point:
    """GCJ-02 of a WGS-84 point; outside China the same point."""
    if not displaced(lat, lon):
        return lat, lon
    d_lat, d_lon = _displacement(lat, lon)
    return lat + d_lat, lon + d_lon


def gcj02_to_wgs84(lat: float, lon: float) -> Point:
    """The WGS-84 point whose GCJ-02 is given; outside China the same point."""
    if not displaced(lat, lon):
        return lat, lon
    return _inverse(_shifted, lat, lon)


def gcj02_to_bd09(lat: float, lon: float) -> Point:
    """BD-09 of a GCJ-02 point."""
    radius = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _BD_PI)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _BD_PI)
    return radius * math.sin(angle) + _BD_LAT, radius * math.cos(angle) + _BD_LON


def bd09_to_gcj02(lat: float, lon: float) -> Point:
    """The GCJ-02 point whose BD-09 is given."""
    return _inverse(gcj02_to_bd09, lat, lon)


def _shifted(lat: float, lon: float) -> Point:
    """GCJ-02 of a point without asking for the box: steps of the inverse may cross its edge."""
    d_lat, d_lon = _displacement(lat, lon)
    return lat + d_lat, lon + d_lon


def _inverse(forward: Callable[[float, float], Point], lat: float, lon: float) -> Point:
    """The point that ``forward`` moves to (lat, lon). Displacements vary slowly (< 0.2 a degree), so it converges."""
    found_lat, found_lon = lat, lon
    for _ in range(_MOST_STEPS):
        at_lat, at_lon = forward(found_lat, found_lon)
        off_lat, off_lon = lat - at_lat, lon - at_lon
        found_lat, found_lon = found_lat + off_lat, found_lon + off_lon
        if abs(off_lat) < _CLOSE and abs(off_lon) < _CLOSE:
            break
    return found_lat, found_lon


def _displacement(lat: float, lon: float) -> Point:
    """How far GCJ-02 lies from a WGS-84 point, in degrees."""
    x, y = lon - 105.0, lat - 35.0
    waves = 20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)
    root = math.sqrt(abs(x))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (waves + 20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (waves + 20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    slope = math.radians(lat)
    flattening = 1 - _KRASOVSKY_EE * math.sin(slope) ** 2
    meridian = _KRASOVSKY_A * (1 - _KRASOVSKY_EE) / (flattening * math.sqrt(flattening))
    parallel = _KRASOVSKY_A / math.sqrt(flattening) * math.cos(slope)
    return math.degrees(north / meridian), math.degrees(east / parallel)
