"""A folder of pictures, whatever lies in it."""

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from ae_widgets import Autoencoder, Session
from ae_widgets.data import read_dataset, read_images
from ae_widgets.exceptions import DataError


def picture(path, values, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path, **options)


def grey(value, shape=(8, 8)):
    return np.full(shape, value, np.uint8)


@pytest.fixture
def folder(tmp_path):
    picture(tmp_path / "cat" / "b.png", grey(255))
    picture(tmp_path / "cat" / "a.png", grey(0))
    picture(tmp_path / "dog" / "deep" / "c.PNG", grey(51))
    return tmp_path


def test_labels_are_the_folders_and_the_order_is_that_of_the_paths(folder):
    (folder / "notes.txt").write_text("no picture")
    dataset = read_images(folder, size=(4, 6))
    assert dataset.item_shape == (4, 6)
    assert dataset.features.shape == (3, 24)
    assert np.allclose(dataset.features[:, 0], [0, 1, 0.2])
    assert dataset.label_names == ("cat", "dog")
    assert dataset.labels.tolist() == [0, 0, 1]
    assert dataset.feature_names[7] == "pixel 1, 1"
    assert dataset.notices == ()


def test_files_beside_the_folders_have_no_label(folder):
    picture(folder / "stray.png", grey(9))
    assert read_images(folder).labels.tolist() == [0, 0, 1, -1]


def test_a_flat_folder_has_no_labels(tmp_path):
    picture(tmp_path / "a.png", grey(9))
    assert read_images(tmp_path).labels is None


def test_colour_is_kept_where_there_is_any(folder):
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 255
    picture(folder / "red.png", red)
    dataset = read_images(folder, size=(2, 2))
    assert dataset.item_shape == (2, 2, 3)
    assert dataset.features[-1].reshape(2, 2, 3)[0, 0].tolist() == [1, 0, 0]
    assert read_images(folder, size=(2, 2), grey=True).item_shape == (2, 2)


def test_pictures_are_cut_around_their_middle_and_turned_upright(tmp_path):
    wide = np.zeros((10, 30), np.uint8)
    wide[:, 10:20] = 255
    picture(tmp_path / "a.png", wide)
    turned = Image.fromarray(np.repeat([[255], [0]], 4, axis=0).repeat(8, axis=1).astype(np.uint8))
    exif = turned.getexif()
    exif[0x0112] = 3  # upside down
    turned.save(tmp_path / "b.png", exif=exif)
    items = read_images(tmp_path, size=(10, 10)).features.reshape(2, 10, 10)
    assert items[0].min() == 1
    assert items[1, 0].max() == 0
    assert items[1, -1].min() == 1


def test_transparent_is_white_and_sixteen_bits_are_scaled(tmp_path):
    picture(tmp_path / "a.png", np.zeros((4, 4, 4), np.uint8))
    picture(tmp_path / "b.png", np.full((4, 4), 2**15, np.uint16))
    values = read_images(tmp_path, size=(2, 2), grey=True).features[:, 0]
    assert np.allclose(values, [1, 128 / 255])


def test_broken_files_are_left_out_and_named(folder):
    whole = (folder / "cat" / "b.png").read_bytes()
    (folder / "dog" / "cut.png").write_bytes(whole[:40])
    (folder / "dog" / "empty.jpg").write_bytes(b"")
    (folder / "dog" / "text.gif").write_text("<img src=x onerror=alert(1)>")
    dataset = read_images(folder)
    assert dataset.n_samples == 3
    (notice,) = dataset.notices
    assert notice == (
        "3 of 6 files are damaged or too large and were left out: 'dog/cut.png', 'dog/empty.jpg', "
        "'dog/text.gif'."
    )


def test_a_bomb_is_not_unpacked(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    picture(folder / "bomb.png", grey(0, (11, 11)))
    assert "bomb.png" in read_images(folder).notices[0]


def test_long_text_chunks_do_not_matter(folder):
    info = PngImagePlugin.PngInfo()
    info.add_text("comment", "x" * 10_000)
    picture(folder / "note.png", grey(3), pnginfo=info)
    assert read_images(folder).n_samples == 4


@pytest.mark.parametrize("size", [8, (8,), (8, 0), (8, 8, 3), ("a", 8), (8.0, 8)])
def test_sizes_that_are_none(folder, size):
    with pytest.raises(DataError, match=r"size must be \(height, width\)"):
        read_images(folder, size=size)


def test_no_folder_and_no_picture(tmp_path):
    with pytest.raises(DataError, match="is no folder"):
        read_images(tmp_path / "none")
    with pytest.raises(DataError, match="There is no picture that Pillow can read in"):
        read_images(tmp_path)
    (tmp_path / "a.png").write_bytes(b"no")
    with pytest.raises(DataError, match=r"1 files end like one"):
        read_images(tmp_path)


def test_a_path_may_stand_for_what_it_holds(folder):
    assert read_dataset(folder).item_shape == (32, 32)
    dataset = read_dataset(str(folder), item_shape=(4, 4, 3))
    assert dataset.item_shape == (4, 4, 3)
    labelled = read_dataset(folder, ["u", "v", "u"], item_shape=(4, 4))
    assert labelled.label_names == ("u", "v")
    session = Session(folder, item_shape=(4, 4), trainer="thread")
    assert session.settings.architecture.item_shape == (4, 4)
    assert session.dataset.label_names == ("cat", "dog")
    session.close()


def test_a_file_is_still_a_path(folder):
    with pytest.raises(DataError, match=r"X is the path of a picture\. Pass that of its folder"):
        read_dataset(str(folder / "cat" / "a.png"))
    with pytest.raises(DataError, match=r"X is a folder\. If of pictures: .*read_images"):
        Autoencoder().fit(str(folder))
