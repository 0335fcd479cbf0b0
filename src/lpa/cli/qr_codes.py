"""Read a QR code from an image. The only import of zxing-cpp and Pillow."""

from __future__ import annotations

import logging
import stat
import struct
import warnings
from pathlib import Path
from typing import BinaryIO

import click

from lpa.redaction import logger

# A small file may unpack to an image that fills the memory, so its size is checked before that.
MOST_PIXELS = 20_000_000
MOST_BYTES = 64 << 20
# All that people have, and none that Pillow needs another program for.
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, struct.error)

_SILENT = logging.NullHandler()


def text_in(image: Path) -> str:
    """The text of the only QR code in an image.

    Raises a usage error if the image is too large, cannot be read or has not exactly one QR code, or if a
    package of the extra "qr" is not installed.
    """
    try:
        _check_file(image)
        with image.open("rb") as file:
            texts = _texts(image, file)
    except OSError as error:
        raise _refusal(f"{image} cannot be read: {error.strerror or error}.") from error
    except ImportError as error:
        raise click.UsageError(
            "Reading QR codes needs the packages pillow and zxing-cpp: pip install pillow zxing-cpp"
        ) from error
    if len(texts) != 1:
        count = f"{len(texts)} different QR codes; crop it to one" if texts else "no readable QR code"
        raise _refusal(f"{image} contains {count}.")
    return texts.pop()


def _check_file(image: Path) -> None:
    """Before it is opened: to open a FIFO waits for its writer, and to open a device may do something."""
    status = image.stat()
    if not stat.S_ISREG(status.st_mode):
        raise _refusal(f"{image} is not an ordinary file.")
    if status.st_size > MOST_BYTES:
        raise _refusal(f"{image} is larger than {MOST_BYTES >> 20} MiB; crop it to the QR code.")


def _texts(image: Path, file: BinaryIO) -> set[str]:
    import zxingcpp
    from PIL import Image

    logger("PIL").addHandler(_SILENT)  # Otherwise Python prints what it logs about damaged images.
    too_large = (Image.DecompressionBombWarning, Image.DecompressionBombError)
    try:
        with warnings.catch_warnings():
            # Pillow warns of a damaged part that it skips, and of an image that is larger than our limit too.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Image.DecompressionBombError
                pixels = picture.convert("L")
        found = zxingcpp.read_barcodes(
            pixels,
            zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
            text_mode=zxingcpp.TextMode.Plain,
        )
    except too_large as error:
        most = MOST_PIXELS // 1_000_000
        raise _refusal(f"{image} has more than {most} megapixels; crop it to the QR code.") from error
    except _BROKEN as error:
        formats = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
        raise _refusal(f"{image} is not a readable image ({formats}).") from error
    return {str(barcode.text) for barcode in found if barcode.valid}


def _refusal(sentence: str) -> click.BadParameter:
    return click.BadParameter(sentence, param_hint="--qr")
