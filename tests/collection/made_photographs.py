"""Drawn photographs in folders that are called as classes."""

from networks import photographs

from conus_widgets.collection.table import Record, Table

SPECIES = [f"species {number}" for number in range(5)]
"""Labels of the network that is asked about them."""


def write_photographs(folder, count, seed=0):
    """Write drawn PNG files into folders called as classes; return their table."""
    records = []
    for number, image in enumerate(photographs(count, seed)):
        place = folder / SPECIES[number % 5]
        place.mkdir(parents=True, exist_ok=True)
        file = place / f"{number}.png"
        image.save(file, compress_level=1)
        records.append(
            Record(path=str(file), label=place.name, specimen=str(number // 2), view="ventral")
        )
    return Table(tuple(records), (), str(folder), True)
