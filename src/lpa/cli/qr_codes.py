"""Read a QR code from an image. The only import of zxing-cpp and Pillow."""

from __future__ import annotations

from pathlib import Path

import click


def text_in(image: Path) -> str:
    """The text of the only QR code in an image.

    Raises a usage error if the image cannot be read or has not exactly one QR code, or "qr" is not installed.
    """
    try:
        import zxingcpp
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise click.UsageError("Reading QR codes needs the extra 'qr': pip install 'lpa[qr]'.") from error
    try:
        with Image.open(image) as picture:
            found = zxingcpp.read_barcodes(
                picture.convert("L"), zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
            )
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise click.BadParameter(f"{image} is not a readable image.", param_hint="--qr") from error
    texts = {barcode.text for barcode in found if barcode.valid}
    if len(texts) != 1:
        count = f"{len(texts)} QR codes; crop it to one" if texts else "no QR code"
        raise click.BadParameter(f"{image} contains {count}.", param_hint="--qr")
    return str(texts.pop())
