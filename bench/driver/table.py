"""The table of results."""

from dataclasses import dataclass

HEAD = ["Measurement", "Unit", "MMMS", "Peer", "Floor", "MMMS ÷ peer", "MMMS ÷ floor"]


@dataclass
class Line:
    work: str
    unit: str
    mmms: float | None
    peer: float | None = None
    floor: float | None = None


def number(value: float | None) -> str:
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}".removesuffix(".0")
    if value >= 0.1 or value == 0:
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{value:.4f}".rstrip("0").rstrip(".")


def ratio(value: float | None, other: float | None) -> str:
    if value is None or not other:
        return "–"
    return f"{value / other:.2f}" if value < 10 * other else f"{value / other:.0f}"


def markdown(lines: list[Line]) -> str:
    rows = [HEAD, ["---", "---", *["--:"] * 5]]
    for line in lines:
        values = [number(value) for value in (line.mmms, line.peer, line.floor)]
        ratios = [ratio(line.mmms, line.peer), ratio(line.mmms, line.floor)]
        rows.append([line.work, line.unit, *values, *ratios])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
