import pytest

from conus_widgets.collection.taxa import Taxon, parse

CERTAIN = {
    "Conus textile": "Conus textile",
    "Conus (Cylinder) textile Linnaeus, 1758": "Conus textile",
    "Cylinder textile (Linnaeus, 1758)": "Cylinder textile",
    "Conus_textile": "Conus textile",
    "CONUS TEXTILE": "Conus textile",
    "<i>Conus</i> textile": "Conus textile",
    "\u2020Conus tarbellianus Grateloup, 1840": "Conus tarbellianus",
    "Conus moylani da Motta, 1970": "Conus moylani",
    "Conus orbitatus van der Meer & de Jong": "Conus orbitatus",
    "Conus quercinus [Lightfoot], 1786": "Conus quercinus",
    "Conus d'orbignyi Audouin, 1831": "Conus d'orbignyi",
    "Conus gloriamaris F. Fernandes, 1990": "Conus gloriamaris",
    "Conus textile archiepiscopus Hwass in Bruguière, 1792": "Conus textile archiepiscopus",
    "Conus textile var. verriculum Reeve, 1843": "Conus textile verriculum",
    "Conus textile f. dahlakensis": "Conus textile dahlakensis",
}


@pytest.mark.parametrize("name", CERTAIN)
def test_names_without_doubt(name):
    taxon = parse(name)
    assert taxon.certain and taxon.canonical == CERTAIN[name] and taxon.verbatim == name
    assert taxon.sure_genus == taxon.genus


@pytest.mark.parametrize(
    ("name", "qualifier", "doubtful", "rank", "canonical"),
    [
        ("Conus cf. textile", "cf.", "species", "species", "Conus textile"),
        ("Conus cfr textile Linnaeus, 1758", "cf.", "species", "species", "Conus textile"),
        ("cf. Conus textile", "cf.", "genus", "species", "Conus textile"),
        ("Conus? textile", "?", "genus", "species", "Conus textile"),
        ("Conus aff. textile", "aff.", "species", "species", "Conus textile"),
        ("Conus ?textile", "?", "species", "species", "Conus textile"),
        ("Conus textile?", "?", "species", "species", "Conus textile"),
        ("Conus textile Linnaeus, 1758 ?", "?", "species", "species", "Conus textile"),
        ("Conus textile cf. archiepiscopus", "cf.", "subspecies", "subspecies", None),
        ("Conus sp.", "sp.", "species", "genus", "Conus"),
        ("Conus sp. 1", "sp. 1", "species", "genus", "Conus"),
        ("Conus (Lithoconus) sp. nov.", "sp. nov.", "species", "subgenus", "Conus"),
        ("Bellamya_species", "sp.", "species", "genus", "Bellamya"),
        ("Conus ventricosus complex", "complex", "species", "species", "Conus ventricosus"),
        ("Conus textile × Conus ater", "×", "species", "species", "Conus textile"),
        ("Conidae indet.", "indet.", "species", "family", ""),
    ],
)
def test_names_in_doubt(name, qualifier, doubtful, rank, canonical):
    taxon = parse(name)
    assert (taxon.qualifier, taxon.doubtful, taxon.rank) == (qualifier, doubtful, rank)
    assert not taxon.certain
    assert canonical is None or taxon.canonical == canonical
    assert taxon.sure_genus == ("" if doubtful == "genus" else taxon.genus)


def test_the_parts_of_a_whole_name():
    assert parse("Conus (Cylinder) textile Linnaeus, 1758") == Taxon(
        "Conus (Cylinder) textile Linnaeus, 1758",
        genus="Conus",
        subgenus="Cylinder",
        epithet="textile",
        authorship="Linnaeus, 1758",
        rank="species",
    )
    assert parse("Conus Linnaeus, 1758").rank == "genus"
    assert parse("Conidae").rank == "family" and parse("Conidae").genus == ""
    assert parse("C. textile").sure_genus == ""


@pytest.mark.parametrize(
    "text", ["", " ", "?", "dark tip", "conus_textile", "12", "織錦芋螺", "<b>", "×"]
)
def test_what_is_no_name_of_a_taxon(text):
    assert parse(text) == Taxon(text)


def test_a_doubt_in_a_column_of_its_own():
    assert parse("Conus textile", "cf. textile").doubtful == "species"
    assert parse("Conus textile", "cf. Conus").sure_genus == ""
    assert parse("Conus cf. textile", "aff.").qualifier == "cf."
    assert parse("Conus textile", " ").certain
