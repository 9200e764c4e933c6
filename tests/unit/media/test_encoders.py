"""What each encoder is told, word by word."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import pytest

from server.domain.rendition import Codec, VideoRendition
from workers.media.encoders import dri, nvenc, qsv, svtav1, v4l2, vaapi, x264
from workers.media.encoders.encoder import Encoder, predicted_bytes

RENDITION = VideoRendition(
    name="v720",
    codec=Codec.H264,
    copy=False,
    width=1280,
    height=720,
    frame_rate=Fraction(25),
    limit_frame_rate=False,
    ticks=Fraction(12_800),
    level="3.1",
    crf=23,
    maxrate=2720,
    bufsize=5440,
)

RATES = "-b:v 1813k -maxrate 2720k -bufsize 5440k"


X264 = (
    "-c:v libx264 -threads 1 -preset veryfast -profile:v high -level:v 3.1 -crf 23 -maxrate 2720k -bufsize 5440k"
    " -g 65535 -sc_threshold 0"
)
SVTAV1 = (
    "-c:v libsvtav1 -preset 10 -crf 23 -maxrate 2720k -bufsize 5440k"
    " -g 65535 -svtav1-params enable-force-key-frames=1:irefresh-type=2:lp=1"
)
VAAPI = f"-c:v h264_vaapi -profile:v high -level:v 31 -rc_mode VBR {RATES} -g 65535 -idr_interval 0 -bf 0"
QSV = (
    f"-c:v h264_qsv -preset veryfast -profile:v high -level:v 31 {RATES}"
    f" -g 65535 -forced_idr 1 -idr_interval 0 -adaptive_i 0 -look_ahead 0 -bf 0"
)
NVENC = (
    "-c:v h264_nvenc -preset p4 -profile:v high -level:v 3.1 -rc vbr -cq 23 -b:v 0 -maxrate 2720k -bufsize 5440k"
    " -g 65535 -forced-idr 1 -no-scenecut 1 -bf 0"
)
V4L2 = "-c:v h264_v4l2m2m -b:v 1813k -g 65535"


@pytest.mark.parametrize(
    ("encoder", "words"),
    [(x264, X264), (svtav1, SVTAV1), (vaapi, VAAPI), (qsv, QSV), (nvenc, NVENC), (v4l2, V4L2)],
)
def test_an_encoder_is_told_what_to_make_and_to_place_no_key_frame_itself(encoder: ModuleType, words: str):
    assert " ".join(encoder.options(RENDITION)) == words


def _devices(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to("/dev/null")  # a device, though not one that encodes
    return folder


def test_each_render_node_is_tried_by_both_of_its_entry_points(tmp_path: Path):
    found = vaapi.find(_devices(tmp_path, "dri/renderD128", "dri/renderD129", "dri/card0"))
    nodes = [encoder.opening[1] for encoder in found]
    first, second = f"vaapi=gpu:{tmp_path}/dri/renderD128", f"vaapi=gpu:{tmp_path}/dri/renderD129"
    assert nodes == [first, first, second, second]
    assert ["-low_power" in encoder.options(RENDITION) for encoder in found] == [False, True, False, True]
    assert found[0].opening == ("-init_hw_device", first, "-filter_hw_device", "gpu")
    assert found[0].finish == "format=nv12,hwupload"


def test_quick_sync_stands_on_the_render_node(tmp_path: Path):
    (found,) = qsv.find(_devices(tmp_path, "dri/renderD128"))
    assert " ".join(found.opening) == (
        f"-init_hw_device vaapi=gpu:{tmp_path}/dri/renderD128 -init_hw_device qsv=qsv@gpu -filter_hw_device qsv"
    )
    assert found.finish == "format=nv12,hwupload=extra_hw_frames=16"


def test_a_render_node_comes_with_what_its_driver_reads(tmp_path: Path):
    card = tmp_path / "devices/pci0000:00/0000:00:02.0"
    card.mkdir(parents=True)
    (tmp_path / "class/renderD128").mkdir(parents=True)
    (tmp_path / "class/renderD128/device").symlink_to(card)
    node = Path("/dev/dri/renderD128")
    assert dri.places(node, tmp_path / "class") == (node, Path("/sys/dev/char"), card)


def test_nvidia_needs_a_card_and_not_only_a_driver(tmp_path: Path):
    driver = _devices(tmp_path, "nvidiactl", "nvidia-uvm", "nvidia-modeset")
    assert nvenc.find(driver) == []
    (found,) = nvenc.find(_devices(driver, "nvidia0"))
    assert {"nvidia0", "nvidiactl", "nvidia-uvm"} <= {path.name for path in found.devices}
    assert Path("/proc") in found.devices


def test_a_camera_is_tried_and_ffmpeg_finds_out(tmp_path: Path):
    assert v4l2.find(tmp_path) == []
    (found,) = v4l2.find(_devices(tmp_path, "video0", "video11"))
    assert [path.name for path in found.devices] == ["video0", "video11"]


@pytest.mark.parametrize(
    ("width", "height", "taken"),
    [(1280, 720, True), (4096, 2160, True), (82, 144, False), (4098, 2160, False)],
)
def test_hardware_takes_only_sizes_that_it_can_do(width: int, height: int, taken: bool, tmp_path: Path):
    (found,) = qsv.find(_devices(tmp_path, "dri/renderD128"))
    assert found.takes(replace(RENDITION, width=width, height=height)) is taken
    assert not found.takes(replace(RENDITION, codec=Codec.AV1))


def test_an_encoder_proves_itself_with_three_pictures_and_a_forced_key_frame(tmp_path: Path):
    found = vaapi.find(_devices(tmp_path, "dri/renderD128"))[0]
    command = " ".join(found.test_command())
    assert command.startswith(f"ffmpeg -nostdin -hide_banner -loglevel error {' '.join(found.opening)} -f lavfi -i ")
    assert " -frames:v 3 -vf format=nv12,hwupload -c:v h264_vaapi " in command
    assert command.endswith(" -force_key_frames 0.033 -f null -")


def test_a_piece_may_take_what_its_rate_control_may_spend_and_not_much_more():
    piece = predicted_bytes(RENDITION, Fraction(8))
    spent = (2720 * 8 + 5440) * 1000 // 8
    assert 4 * spent < piece < 4 * spent + 2 * 1024**2
    assert predicted_bytes(RENDITION, Fraction(0)) > 1024**2


def test_software_takes_every_size():
    assert isinstance(x264.ENCODER, Encoder)
    assert x264.ENCODER.takes(replace(RENDITION, width=16, height=16))
    assert svtav1.ENCODER.takes(replace(RENDITION, codec=Codec.AV1, width=7680, height=4320))
