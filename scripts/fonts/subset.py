"""Write crates/thalweg-view/fonts/DejaVuSans-subset.ttf, the letters that pictures are written with.

    python scripts/fonts/subset.py path/to/DejaVuSans.ttf

Needs fonttools. The font is DejaVu Sans (Bitstream Vera licence, beside it), cut to the letters of ranges.txt: Latin, Greek,
Cyrillic, sub- and superscripts, arrows, mathematical signs. The same font gives the same bytes.
"""

import sys
from pathlib import Path

from fontTools import subset

TARGET = Path(__file__).parents[2] / "crates/thalweg-view/fonts/DejaVuSans-subset.ttf"
RANGES = TARGET.with_name("ranges.txt")


def main():
    options = subset.Options(
        layout_features=["kern", "mark", "mkmk", "ccmp"],
        hinting=False,
        name_IDs=["*"],
        recalc_timestamp=False,
        notdef_outline=True,
    )
    font = subset.load_font(sys.argv[1], options)
    cutter = subset.Subsetter(options)
    ranges = [[int(end, 16) for end in line.split()] for line in RANGES.read_text().splitlines()]
    cutter.populate(unicodes=[c for first, last in ranges for c in range(first, last + 1)])
    cutter.subset(font)
    subset.save_font(font, str(TARGET), options)
    print(TARGET, TARGET.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
