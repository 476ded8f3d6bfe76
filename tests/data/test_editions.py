import re

from mxnet.gluon.data.vision import FashionMNIST

from gluon_softmax.data.editions import EDITIONS, FILES, MXNET, OFFICIAL


def test_checksums_are_those_of_mxnets_class(tmp_path, monkeypatch):
    monkeypatch.setattr(FashionMNIST, "_get_data", lambda self: None)
    data_set = FashionMNIST(root=str(tmp_path))
    theirs = dict(
        [data_set._train_data, data_set._train_label, data_set._test_data, data_set._test_label]
    )
    ours = {f"{file}.gz": sha1.replace("sha1:", "") for file, sha1 in MXNET.checksums.items()}
    assert ours == theirs


# From the README of zalandoresearch/fashion-mnist, in the order of FILES.
ZALANDOS = [
    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "25c81989df183df01b3e8a0aad5dffbe",
    "bef4ecab320f06d8554ea6380940ec79",
    "bb300cfdad3c16e7a12a480ee83cd310",
]


def test_checksums_of_downloads_are_those_that_zalando_published():
    for source in OFFICIAL.sources:
        if source.kind == "url":
            assert source.checksums == {
                file: f"md5:{digest}" for file, digest in zip(FILES, ZALANDOS)
            }


def test_every_file_has_a_checksum_that_no_other_has():
    digits = {"sha1": 40, "md5": 32, "sha256": 64}
    seen = []
    for edition in EDITIONS.values():
        tables = [edition.checksums] + [s.checksums for s in edition.sources if s.kind == "url"]
        for table in tables:
            assert tuple(table) == FILES
            for checksum in table.values():
                algorithm, _, digest = checksum.partition(":")
                assert re.fullmatch(f"[0-9a-f]{{{digits[algorithm]}}}", digest)
        seen += edition.checksums.values()
    assert len(set(seen)) == 8


def test_sources_are_https_or_checked():
    for edition in EDITIONS.values():
        for source in edition.sources:
            if source.kind == "url" and not source.location.startswith("https://"):
                assert set(source.checksums) == set(FILES)
                assert source is OFFICIAL.sources[2]
