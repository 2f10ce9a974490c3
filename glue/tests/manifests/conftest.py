import pytest

from tests.support.manifests import ManifestWorld


@pytest.fixture
def world(emulator: str) -> ManifestWorld:
    return ManifestWorld.create()
