"""Darwin Core archives for tests: the shape of those that GBIF gives out, or any other."""

import zipfile
from pathlib import Path

DWC, DC = "http://rs.tdwg.org/dwc/terms/", "http://purl.org/dc/terms/"
HOMES = dict.fromkeys(("identifier", "type", "format", "title", "references", "license"), DC)
OCCURRENCES = "gbifID occurrenceID institutionCode collectionCode catalogNumber scientificName"


def described(name, row_type, columns, *, core, extra="", encoding="UTF-8", quote="", ends="\\n"):
    tag, key = ("core", "id") if core else ("extension", "coreid")
    fields = "".join(
        f'<field index="{n}" term="{HOMES.get(column, DWC)}{column}"/>'
        for n, column in enumerate(columns)
    )
    said = f'encoding="{encoding}" ' if encoding else ""
    return (
        f'<{tag} {said}fieldsTerminatedBy="\\t" linesTerminatedBy="{ends}" '
        f'fieldsEnclosedBy=\'{quote}\' ignoreHeaderLines="1" rowType="{row_type}">'
        f'<files><location>{name}</location></files><{key} index="0"/>{fields}{extra}</{tag}>'
    )


def archive(
    folder,
    occurrences,
    media=(),
    *,
    columns=OCCURRENCES,
    media_columns="gbifID type format identifier title",
    bytes_encoding="utf-8",
    **options,
):
    """Write an archive of rows (lists of cells, or a line as it stands) and return its folder."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    columns, media_columns = columns.split(), media_columns.split()
    core = described("occurrence.txt", f"{DWC}Occurrence", columns, core=True, **options)
    multimedia = "http://rs.gbif.org/terms/1.0/Multimedia"
    beside = described("multimedia.txt", multimedia, media_columns, core=False, **options)
    (folder / "meta.xml").write_text(
        f'<archive xmlns="http://rs.tdwg.org/dwc/text/">{core}{beside if media else ""}</archive>'
    )
    tables = [("occurrence.txt", columns, occurrences), ("multimedia.txt", media_columns, media)]
    for name, names, rows in tables:
        if rows:
            lines = [
                row if isinstance(row, str | bytes) else "\t".join(row) for row in [names, *rows]
            ]
            coded = [i if isinstance(i, bytes) else i.encode(bytes_encoding) for i in lines]
            (folder / name).write_bytes(b"\n".join(coded) + b"\n")
    return folder


def zipped(folder, path, *, within=""):
    with zipfile.ZipFile(path, "w") as pack:
        for file in sorted(Path(folder).iterdir()):
            pack.write(file, within + file.name)
    return path
